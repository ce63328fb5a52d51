namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>One way to run a whole model for many at a time.</summary>
internal interface ILoadContender : IAsyncDisposable
{
    /// <summary>What rows call it.</summary>
    string Name { get; }

    /// <summary>Clients that can be told apart, each of which has one request in flight; int.MaxValue where there are none.</summary>
    int MaxClients { get; }

    /// <summary>Runs the model once, and drops what it yields.</summary>
    /// <param name="client">Whose request it is, from 0 on and below <see cref="MaxClients"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask InferAsync(int client, CancellationToken cancellationToken);
}
