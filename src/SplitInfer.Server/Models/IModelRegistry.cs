using SplitInfer.Protocol;

namespace SplitInfer.Server.Models;

/// <summary>Holds the models whose tails are served. Safe for concurrent use.</summary>
internal interface IModelRegistry
{
    /// <summary>Finds a model for one connection.</summary>
    /// <param name="claim">Which one the client wants.</param>
    /// <param name="cancellationToken">The connection has ended.</param>
    /// <returns>The model, which stays the registry's.</returns>
    /// <exception cref="TailRefusedException">There is no such model, or its model or plan differs.</exception>
    ValueTask<IServedModel> OpenAsync(ModelClaim claim, CancellationToken cancellationToken);
}
