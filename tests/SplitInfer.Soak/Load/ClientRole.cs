using SplitInfer.Client.Transport;
using SplitInfer.Soak.Processes;
using SplitInfer.Testing;

namespace SplitInfer.Soak.Load;

/// <summary>The clients' process.</summary>
internal static class ClientRole
{
    public const string Name = "clients";

    /// <summary>Asks until the parent goes.</summary>
    public static async Task RunAsync(string models, Uri server, int seed, Leak leak)
    {
        var tally = new Tally();
        var sets = new Dictionary<string, SampleSet>();
        foreach (var name in SoakModels.Names) sets[name] = await SampleSet.CreateAsync(SoakModels.PathOf(models, name), seed);
        using var stop = new CancellationTokenSource();
        using var state = new TestFolder();
        var shared = new SharedConnections();
        Task[] workers = [.. SoakUser.All.Select((user, index) => Task.Run(() =>
            new SoakWorker(user, sets[user.Model], server, index % 3 == 0 ? shared : null, state.Path, tally, leak, seed + index).RunAsync(stop.Token)))];
        Console.WriteLine("ready");
        while (Console.ReadLine() is not null) SoakProcess.Answer(ProcessUse.OfThis(tally.Requests, tally.Counts));
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        foreach (var set in sets.Values) set.Dispose();
    }
}
