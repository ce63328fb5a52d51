using SplitInfer.Partitioning;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Hosting;

/// <summary>Holds the models whose tails are served. Safe for concurrent use.</summary>
internal interface ITailService
{
    /// <summary>Finds a model for one connection.</summary>
    /// <param name="name">Its name, as the client gave it: anything.</param>
    /// <param name="version">Its version, likewise; empty asks for the latest.</param>
    /// <param name="model">SHA-256 of the client's model.</param>
    /// <param name="plan">SHA-256 of the client's plan.</param>
    /// <param name="cancellationToken">The connection has ended.</param>
    /// <returns>The model, which stays the service's.</returns>
    /// <exception cref="TailRefusedException">There is no such model, or its model or plan differs.</exception>
    ValueTask<ITailModel> OpenAsync(string name, string version, Fingerprint model, Fingerprint plan, CancellationToken cancellationToken);
}
