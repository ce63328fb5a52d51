using System.Collections.Immutable;
using System.Globalization;
using SplitInfer.Dashboard.Plans;
using SplitInfer.Dashboard.Sampling;

namespace SplitInfer.Dashboard.Pages;

/// <summary>The page. It draws what the sampler has seen, each time that the sampler has seen something.</summary>
public sealed partial class DashboardPage
{
    // Over a few seconds, so that a number can be read before it changes.
    private const int Minute = 60, Few = 5;

    private static readonly ImmutableDictionary<int, int> NoChoices = ImmutableDictionary<int, int>.Empty;

    private DashboardSnapshot _shown = DashboardSnapshot.Empty;
    private bool _isPaused, _isQueueLong, _hasExits;
    private string _clients = "0", _atWork = "", _rate = "0", _bytes = "", _delay = "–", _delayNote = "", _device = "–", _exits = "–", _price = "", _queue = "0", _wait = "", _refused = "0", _held = "0 B", _segments = "";

    // A page that is only sent is not yet connected, and neither told anything nor of any use.
    private string State => !RendererInfo.IsInteractive ? "Connecting" : _isPaused ? "Paused" : "Live";

    private string Where => _shown.Endpoints is [var first, .. var others] ? others.Length > 0 ? $"{first} and {others.Length} more" : first : "not running";

    private string Footer => _shown.Missed > 0
        ? $"The page shows the last two minutes. {_shown.Missed.ToString("#,0", CultureInfo.InvariantCulture)} requests came too fast to be counted."
        : "The page shows the last two minutes, pushed once a second. What clients tell is their word.";

    /// <inheritdoc/>
    public void Dispose() => Sampler.Changed -= Redraw;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Show(Sampler.Current);
        if (RendererInfo.IsInteractive) Sampler.Changed += Redraw;
    }

    private void Redraw()
    {
        if (!_isPaused) _ = RedrawAsync();
    }

    private async Task RedrawAsync()
    {
        try
        {
            await InvokeAsync(() =>
            {
                Show(Sampler.Current);
                StateHasChanged();
            });
        }
        catch (ObjectDisposedException)
        {
            // The page was closed meanwhile.
        }
#pragma warning disable CA1031 // Nobody awaits this: whatever is thrown goes to the renderer, which logs it and tells the browser, as if it had been drawing.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await DispatchExceptionAsync(error);
        }
    }

    private void Toggle()
    {
        _isPaused = !_isPaused;
        if (!_isPaused) Show(Sampler.Current);
    }

    private void Show(DashboardSnapshot snapshot)
    {
        _shown = snapshot;
        var samples = snapshot.Samples;
        if (samples.IsEmpty) return;
        var (last, minute, few) = (samples[^1], samples[Math.Max(0, samples.Length - Minute)..], samples[Math.Max(0, samples.Length - Few)..]);
        _clients = Number(snapshot.Clients.Length);
        _atWork = $"{snapshot.Clients.Count(static client => client.IsActive)} at work";
        double seconds = 0, answered = 0, bytes = 0, told = 0, onDevice = 0;
        foreach (var sample in few) (seconds, answered, bytes) = (seconds + sample.Seconds, answered + sample.Answered, bytes + sample.BytesReceived);
        _rate = Amounts.Short(answered / seconds);
        _bytes = $"{Amounts.Bytes(bytes / seconds)} a second received";
        var refused = 0;
        foreach (var sample in minute) (refused, told, onDevice) = (refused + sample.Refused, told + sample.Told, onDevice + sample.OnDevice + sample.WonByDevice);
        var all = told + minute.Sum(static sample => sample.OnDevice);
        _device = all > 0 ? Amounts.Short(100 * onDevice / all) : "–";
        _refused = Number(refused);
        // Few models have any.
        _hasExits = snapshot.Models.Any(static model => !model.Exits.IsEmpty);
        var inMinute = minute.Sum(static sample => sample.Answered);
        _exits = inMinute > 0 ? Amounts.Short(100.0 * minute.Sum(static sample => sample.ByExit) / inMinute) : "–";
        _price = $"of answers, in a minute; price {Amounts.Short(last.Load.QualityPrice)}";
        var delays = few.Where(static sample => sample.TotalSeconds is not null).Select(static sample => sample.TotalSeconds!.Value * 1e3).ToArray();
        (_delay, _delayNote) = delays.Length > 0
            ? (Amounts.Ms(delays.Average()), "from the call to the result")
            : answered > 0 ? (Amounts.Ms(last.StageSeconds.Sum() * 1e3), "at the server; clients tell nothing") : ("–", "no request of late");
        (_queue, _isQueueLong) = (Number(last.Load.Queued), last.Load.Queued > 2 * last.Load.Places);
        _wait = last.Load.WaitSeconds > 0 ? $"{Amounts.Ms(last.Load.WaitSeconds * 1e3)} ms until a place is free" : $"{last.Load.Running} of {last.Load.Places} places taken";
        _held = Amounts.Bytes(last.Load.HeldBytes);
        _segments = $"{last.Load.Segments} {(last.Load.Segments == 1 ? "tail" : "tails")} loaded, {Amounts.Bytes(last.Load.SegmentBytes)}";
    }

    private static string Number(int value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
