using SplitInfer.Execution;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/onnx-runtime.md.</summary>
internal static class Engine
{
    public static ExecutionOptions Providers()
    {
        // snippet: providers
        var options = new ExecutionOptions        // SplitInferenceOptions.Execution, or SplitInferServerOptions.Execution
        {
            Providers = [new("CUDA", new Dictionary<string, string> { ["device_id"] = "0" })],
        };
        // end of snippet
        return options;
    }

    public static ExecutionOptions Session()
    {
        // snippet: session options
        var options = new ExecutionOptions
        {
            CustomOperatorLibraries = ["libmyops.so"],                                  // on the command line: --custom-ops libmyops.so
            Configure = session => session.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
            ShareWeights = true,     // Configure adds no provider, so all segments run on the CPU and can share weights
        };
        // end of snippet
        return options;
    }
}
