using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Emulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>One contender: a client, with a link and a server process of its own, on which the faults of a schedule are played while requests run.</summary>
internal sealed class AnytimeWorld : IAsyncDisposable
{
    private readonly AnytimeSettings _settings;
    private readonly AnytimeProfile _profile;
    private readonly AnytimeAnswers _answers;
    private readonly TimeProvider _time;
    private readonly BenchmarkServer _server;
    private readonly AnytimeConditions _conditions;
    private readonly DeviceMeter _meter;
    private readonly LinkFaults _faults = new();
    private readonly EmulatedLink _link;
    private SplitInferenceClient? _client;
    private AnytimeFault _fault;

    private AnytimeWorld(AnytimeSettings settings, AnytimeProfile profile, AnytimeAnswers answers, BenchmarkServer server, TimeProvider time)
    {
        (_settings, _profile, _answers, _server, _time) = (settings, profile, answers, server, time);
        (_conditions, _meter, _link) = (new(time), new(time), new(AnytimeSlot.LinkIn(AnytimeFault.Fast), time));
        _conditions.Become(_link.Conditions, isDark: false);
    }

    /// <summary>How long after its deadline an answer is late: what timers may add.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Starts the server, and makes the client.</summary>
    /// <param name="settings">What is measured.</param>
    /// <param name="maxExtraWork">What the device may compute in vain; null for the default.</param>
    /// <param name="device">The device, which contenders have in common.</param>
    /// <param name="profile">What device and server take.</param>
    /// <param name="answers">What is right.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<AnytimeWorld> StartAsync(AnytimeSettings settings, double? maxExtraWork, EmulatedDevice device, AnytimeProfile profile, AnytimeAnswers answers, TimeProvider time, CancellationToken cancellationToken)
    {
        var world = new AnytimeWorld(settings, profile, answers, await BenchmarkServer.StartAsync([settings.Path], slowdown: 1, cancellationToken).ConfigureAwait(false), time);
        try
        {
            var options = new SplitInferenceOptions
            {
                Server = world._server.Address,
                Exits = settings.ExitsPath,
                PreloadArms = true,
                Seed = settings.Seed,
                Transport = { WrapStream = stream => world._link.Wrap(world._faults.Wrap(stream)) },
                Execution = { IntraOpThreads = 1, WrapRunner = segment => world._meter.Wrap(device.Wrap(segment)) },
            };
            options.MaxExtraWork = maxExtraWork ?? options.MaxExtraWork;
            world._client = await SplitInferenceClient.CreateAsync(options, settings.Model, cancellationToken).ConfigureAwait(false);
            return world;
        }
        catch
        {
            await world.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Why a request had no answer, but for its deadline; null where none had.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Brings back a server that is dead and is not to be in this request.</summary>
    public async Task PrepareAsync(AnytimeSlot slot, CancellationToken cancellationToken)
    {
        if (_fault != AnytimeFault.Killed || !slot.Begins) return;
        await _server.RestartAsync(cancellationToken).ConfigureAwait(false);
        Become(AnytimeFault.Fast);
    }

    /// <summary>Makes one request, and has come about what does so while it runs. Ends when its deadline is over.</summary>
    public async Task<AnytimeOutcome> PlayAsync(AnytimeSlot slot, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var (began, computed) = (_time.GetTimestamp(), _meter.Total);
        var timer = LatenessOfTimerAsync(began, deadline, cancellationToken);
        var change = ChangeAsync(slot, deadline, cancellationToken);
        var outcome = await InferAsync(slot, deadline, began, cancellationToken).ConfigureAwait(false);
        await change.ConfigureAwait(false);
        var isTimerLate = await timer.ConfigureAwait(false) > Grace;
        await _meter.UntilIdleAsync(cancellationToken).ConfigureAwait(false);
        var (links, dark) = _conditions.During(began, deadline);
        var best = _profile.BestAnswer(deadline, links, dark);
        return outcome with { DeviceTime = _meter.Total - computed, IsTimerLate = isTimerLate, IsOracleRight = best != AnytimeProfile.NoAnswer && _answers.IsRight(slot.Sample, best) };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _faults.Speak();
        if (_fault == AnytimeFault.Paused) _server.Resume();
        if (_client is not null) await _client.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<AnytimeOutcome> InferAsync(AnytimeSlot slot, TimeSpan deadline, long began, CancellationToken cancellationToken)
    {
        try
        {
            using var result = await _client!.InferAsync(_settings.Samples[slot.Sample], new() { Deadline = deadline }, cancellationToken).ConfigureAwait(false);
            var after = _time.GetElapsedTime(began) - deadline;
            var isByServer = result.Source != InferenceSource.Device;
            return new()
            {
                Fault = slot.Fault, IsAnswered = true, After = after, Exit = result.Exit, IsByServer = isByServer, HeadTime = result.Timings.Head,
                IsWrong = (isByServer && result.Exit > 0) || !_answers.IsAnswer(slot.Sample, result.Exit, result.Outputs[0]),
                IsRight = _answers.IsRight(slot.Sample, result.Outputs[0]),
            };
        }
        catch (RequestTimeoutException)
        {
            return new() { Fault = slot.Fault, After = _time.GetElapsedTime(began) - deadline };
        }
        catch (Exception error) when (error is SplitInferException or IOException)
        {
            Failure ??= error;
            return new() { Fault = slot.Fault, After = _time.GetElapsedTime(began) - deadline };
        }
    }

    private async Task ChangeAsync(AnytimeSlot slot, TimeSpan deadline, CancellationToken cancellationToken)
    {
        if (!slot.Begins && !slot.Cuts) return;
        await Task.Delay(deadline * slot.At, _time, cancellationToken).ConfigureAwait(false);
        if (slot.Begins) Become(slot.Fault);
        if (slot.Cuts) _faults.Cut();
    }

    private void Become(AnytimeFault fault)
    {
        if (_fault == AnytimeFault.Paused) _server.Resume();
        _faults.Speak();
        (_fault, _link.Conditions) = (fault, AnytimeSlot.LinkIn(fault));
        if (fault == AnytimeFault.Silent) _faults.Silence();
        else if (fault == AnytimeFault.Paused) _server.Pause();
        else if (fault == AnytimeFault.Killed) _server.Kill();
        _conditions.Become(_link.Conditions, AnytimeSlot.IsDark(fault));
    }

    private async Task<TimeSpan> LatenessOfTimerAsync(long began, TimeSpan deadline, CancellationToken cancellationToken)
    {
        await Task.Delay(deadline, _time, cancellationToken).ConfigureAwait(false);
        return _time.GetElapsedTime(began) - deadline;
    }
}
