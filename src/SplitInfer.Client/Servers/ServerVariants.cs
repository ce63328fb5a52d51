using System.Collections.Immutable;
using SplitInfer.Policies;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Servers;

/// <summary>
/// Which variants of a family one server has, as far as it has said. Those that it lacks are masked, and are asked for again beside requests, since it may get them: at
/// once over another connection, else after a pause that doubles from 5 s to a minute. Thread-safe.
/// </summary>
/// <param name="wanted">The variants of which the client has arms at the server.</param>
/// <param name="server">The number of the server.</param>
/// <param name="mask">Takes the variants that the server lacks.</param>
/// <param name="open">Opens a variant at the server, where it is not open.</param>
/// <param name="connections">How many connections to the server were made so far.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerVariants(ImmutableArray<int> wanted, int server, ArmMask mask, Func<int, CancellationToken, Task> open, Func<int> connections, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private ImmutableDictionary<int, Lack> _lacks = ImmutableDictionary<int, Lack>.Empty;

    /// <summary>Whether the server should be asked again for a variant that it lacked.</summary>
    public bool IsDue
    {
        get
        {
            var lacks = Volatile.Read(ref _lacks);
            if (lacks.IsEmpty) return false;
            foreach (var (_, lack) in lacks)
                if (IsDueFor(lack)) return true;
            return false;
        }
    }

    /// <summary>What the server said of one of the variants, where it lacks all of them and so is of no use; null where it has one, or was not asked for each.</summary>
    public Exception? Refusal
    {
        get
        {
            var lacks = Volatile.Read(ref _lacks);
            foreach (var variant in wanted)
                if (!lacks.ContainsKey(variant)) return null;
            return wanted.IsEmpty ? null : lacks[wanted[0]].Reason;
        }
    }

    /// <summary>Whether an error says that a server lacks the model, or has another one under its name: where there are several variants, others may go on.</summary>
    public static bool IsMissing(Exception error) => error is TailRefusedException { Code: RefusalCode.UnknownModel or RefusalCode.ModelMismatch or RefusalCode.PlanMismatch };

    /// <summary>What the server said of a variant that it lacks; null of others.</summary>
    public Exception? RefusalOf(int variant) => Volatile.Read(ref _lacks).GetValueOrDefault(variant)?.Reason;

    /// <summary>A request has found that the server lacks a variant.</summary>
    public void ReportMissing(int variant, Exception refusal)
    {
        lock (_gate)
            if (!_lacks.ContainsKey(variant)) Note(variant, new(refusal, FirstPause, connections(), time.GetTimestamp()));
    }

    /// <summary>The server has answered for a variant, so it has it.</summary>
    public void ReportFound(int variant)
    {
        if (!Volatile.Read(ref _lacks).ContainsKey(variant)) return;
        lock (_gate)
        {
            Volatile.Write(ref _lacks, _lacks.Remove(variant));
            mask.RemoveVariant(variant, server);
        }
    }

    /// <summary>Has the server open the variants, but for those that it lacks and is not to be asked for yet.</summary>
    /// <param name="onFound">Called as each is open.</param>
    /// <param name="stop">Ends it. Where one is open by then, that is all the same.</param>
    /// <returns>Why none is; null where one is.</returns>
    public async Task<Exception?> AskAsync(Action onFound, CancellationToken stop)
    {
        Task<Exception?>[] openings = [.. Due().Select(variant => OpenAsync(variant, onFound, stop))];
        await ((Task)Task.WhenAll(openings)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (openings.Any(static opening => opening is { IsCompletedSuccessfully: true, Result: null })) return null;
        stop.ThrowIfCancellationRequested();
        return openings.Select(static opening => opening.Result).FirstOrDefault(static failure => !IsMissing(failure!)) ?? Refusal;
    }

    /// <summary>The variants to ask for. Whoever asks next does not ask again for one that this caller is about to.</summary>
    private int[] Due()
    {
        lock (_gate)
        {
            int[] due = [.. wanted.Where(variant => !_lacks.TryGetValue(variant, out var lack) || IsDueFor(lack))];
            foreach (var variant in due)
                if (_lacks.TryGetValue(variant, out var lack)) Note(variant, lack.Asked(connections(), time.GetTimestamp()));
            return due;
        }
    }

    private async Task<Exception?> OpenAsync(int variant, Action onFound, CancellationToken stop)
    {
        try
        {
            await open(variant, stop).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it fails with, other variants may be open.
        catch (Exception failure) when (!stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            if (IsMissing(failure)) ReportMissing(variant, failure);
            return failure;
        }

        ReportFound(variant);
        onFound();
        return null;
    }

    private bool IsDueFor(Lack lack) => lack.Connection != connections() || time.GetElapsedTime(lack.Since) >= lack.Pause;

    private void Note(int variant, Lack lack)
    {
        Volatile.Write(ref _lacks, _lacks.SetItem(variant, lack));
        mask.AddVariant(variant, server, lack.Reason.Message);
    }

    /// <summary>A variant that the server lacks.</summary>
    /// <param name="Reason">What the server said.</param>
    /// <param name="Pause">How long it is not asked for again on the same connection.</param>
    /// <param name="Connection">The number of the connection.</param>
    /// <param name="Since">When it was asked for last.</param>
    private sealed record Lack(Exception Reason, TimeSpan Pause, int Connection, long Since)
    {
        /// <summary>It is asked for once more.</summary>
        public Lack Asked(int connection, long now) => this with
        {
            Pause = connection != Connection ? FirstPause : Pause * 2 < LongestPause ? Pause * 2 : LongestPause,
            Connection = connection,
            Since = now,
        };
    }
}
