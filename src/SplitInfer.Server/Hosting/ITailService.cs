using SplitInfer.Protocol;

namespace SplitInfer.Server.Hosting;

/// <summary>Holds the models whose tails are served. Safe for concurrent use.</summary>
internal interface ITailService
{
    /// <summary>Finds a model for one connection.</summary>
    /// <param name="claim">Which one the client wants.</param>
    /// <param name="cancellationToken">The connection has ended.</param>
    /// <returns>The model, which stays the service's.</returns>
    /// <exception cref="TailRefusedException">There is no such model, or its model or plan differs.</exception>
    ValueTask<ITailModel> OpenAsync(ModelClaim claim, CancellationToken cancellationToken);
}
