using SplitInfer.Partitioning;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Server;

/// <content>What people who watch a server see of it.</content>
public sealed partial class SplitInferServer
{
    private readonly RequestFeed _feed = new();

    /// <summary>
    /// The clients that are connected, in the order in which they came; after them those of HTTP and gRPC that have sent requests for outputs, with negative numbers.
    /// Each call makes a new list.
    /// </summary>
    public IReadOnlyList<ClientStatus> Clients => _server is { } server ? [.. server.Clients, .. _whole?.Clients ?? []] : [];

    /// <summary>How busy the server is, and what it holds. Empty until it runs, and once it has stopped.</summary>
    public ServerLoadStatus Load => _look?.Invoke() ?? default;

    /// <summary>The plan of a model that is served; null where there is no such model.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="version">Its version.</param>
    public PartitionPlan? PlanOf(string model, string version) =>
        _models?.Models.FirstOrDefault(served => served.Name == model && served.Version == version)?.Plan;

    /// <summary>
    /// Tells of each request from now on as it ends, those for whole models over HTTP and gRPC as well. The server waits for nobody: a reader that does not keep up misses the oldest. While nobody watches, it costs
    /// nothing. May be called before the server runs.
    /// </summary>
    /// <param name="capacity">How many requests are kept for the reader.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1.</exception>
    public RequestSubscription Watch(int capacity = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return _feed.Subscribe(capacity);
    }

    /// <summary>Whether somebody's key is one that the server knows; null where it asks for none.</summary>
    internal bool? KnowsKey(string? key) => _options.Security.KeysFile is null ? null : key is not null && _server?.KnowsKey(key) == true;
}
