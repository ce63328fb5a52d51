namespace SplitInfer.Client.Simulation;

/// <summary>A scenario cannot be read or makes no sense. The message says where and what is expected there.</summary>
internal sealed class ScenarioException(string message, Exception? inner = null) : SplitInferException(message, inner);
