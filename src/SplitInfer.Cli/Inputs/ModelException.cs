namespace SplitInfer.Cli.Inputs;

/// <summary>A model that the command line names cannot be planned or does not run; the message names its file.</summary>
internal sealed class ModelException(string message, Exception? inner = null) : SplitInferException(message, inner);
