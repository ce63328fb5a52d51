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

    /// <summary>Whether the model that is open was replaced: whether opening it anew gives another one.</summary>
    /// <param name="claim">What it was opened by.</param>
    /// <param name="model">The model that is open.</param>
    bool IsReplaced(in ModelClaim claim, IServedModel model) => false;

    /// <summary>Raised after a model was published or retired, by the thread that did it. Handlers must not throw.</summary>
    event Action? Changed
    {
        add { }
        remove { }
    }
}
