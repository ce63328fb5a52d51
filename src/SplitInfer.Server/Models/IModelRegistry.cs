using SplitInfer.Protocol;

namespace SplitInfer.Server.Models;

/// <summary>The models that clients may open. Safe for concurrent use.</summary>
internal interface IModelRegistry
{
    /// <summary>Opens a model.</summary>
    /// <param name="claim">Which one the client wants.</param>
    /// <returns>A lease, which keeps exactly this version alive, whatever is published or retired meanwhile. Dispose it once.</returns>
    /// <exception cref="TailRefusedException">There is no such model, or its model or plan differs.</exception>
    ModelLease Open(in ModelClaim claim);
}
