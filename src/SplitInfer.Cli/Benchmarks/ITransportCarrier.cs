namespace SplitInfer.Cli.Benchmarks;

/// <summary>One way to have a server run a model on a boundary.</summary>
internal interface ITransportCarrier : IAsyncDisposable
{
    /// <summary>What rows call it.</summary>
    string Scheme { get; }

    /// <summary>Makes one round trip, and drops the reply.</summary>
    ValueTask SendAsync();
}
