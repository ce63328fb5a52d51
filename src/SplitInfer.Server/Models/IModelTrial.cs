namespace SplitInfer.Server.Models;

/// <summary>
/// Tries a model before a server plans it in its own process, where a native kernel that crashes would take the server along.
/// <c>splitinfer serve</c> has a process of its own do it; an application that hosts a server sets <c>SplitInferServerOptions.ModelTrial</c>
/// where it serves models that it does not know.
/// </summary>
public interface IModelTrial
{
    /// <summary>Tries a model: in another process, by <c>SplitInferServer.TryModel</c>, or in any other way.</summary>
    /// <param name="path">The model file, as it lies in the model directory.</param>
    /// <param name="cancellationToken">Fires when the server stops. The trial must end then: the server waits five seconds longer for it to let go of what it holds, and leaves it behind.</param>
    /// <returns>Null where the model may be planned; else why it is not served and what to do, which <c>SplitInferServer.RefusedModels</c> and the log tell.</returns>
    ValueTask<string?> TryAsync(string path, CancellationToken cancellationToken);
}
