using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>Says with options of the command line what messages say with properties of <see cref="PlanOptions"/>.</summary>
internal static class OptionWords
{
    private static readonly (string Property, string Option)[] Words =
    [
        (nameof(PlanOptions.SampleInputs), "--inputs DIR"),
        (nameof(PlanOptions.DimensionSizes), "--dim name=size"),
        (nameof(PlanOptions.MaxBoundaryTensors), "--max-boundary-tensors"),
        (nameof(PlanOptions.MinDepth), "--min-depth"),
        (nameof(PlanOptions.MaxUploadBytes), "--max-upload-bytes"),
        (nameof(PlanOptions.MaxMeasureTime), "--max-measure-seconds"),
        (nameof(PlanOptions.MaxMeasureBytes), "--max-measure-bytes"),
        (nameof(PlanOptions.FedInitializers), "--feed NAME"),
        ("ExecutionOptions.CustomOperatorLibraries", "--custom-ops FILE.so"),
    ];

    /// <summary>The message in words of the command line.</summary>
    public static string Of(string message)
    {
        foreach (var (property, option) in Words)
            message = message.Replace($"{nameof(PlanOptions)}.{property}", option, StringComparison.Ordinal).Replace(property, option, StringComparison.Ordinal);
        return message;
    }
}
