using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Server;

namespace SplitInfer.Cli.Inputs;

/// <summary>Says with options of the command line what messages say with properties of <see cref="PlanOptions"/>, <see cref="SplitInferenceOptions"/>, <see cref="ClientSecurityOptions"/> and <see cref="ServerSecurityOptions"/>.</summary>
internal static class OptionWords
{
    private static readonly (string Property, string Option)[] PlanWords =
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
        ("ExitOptions.MaxLoss", "--max-loss"),
        ("ExitOptions.MaxFeatures", "--max-features"),
        ("ExitOptions.Partitions", "--at"),
    ];

    private static readonly (string Property, string Option)[] ClientWords =
    [
        (nameof(SplitInferenceOptions.PolicyOptions), "--policy-option"),
        (nameof(SplitInferenceOptions.Policy), "--policy"),
        (nameof(SplitInferenceOptions.Partition), "--partition"),
        (nameof(SplitInferenceOptions.Servers), "--server"),
        (nameof(SplitInferenceOptions.Server), "--server"),
        (nameof(SplitInferenceOptions.Codec), "--codec"),
        (nameof(SplitInferenceOptions.Calibration), "--calibration"),
        (nameof(SplitInferenceOptions.MinAgreement), "--min-agreement"),
        (nameof(SplitInferenceOptions.Exits), "--exits"),
        (nameof(SplitInferenceOptions.StateDirectory), "--state"),
        (nameof(SplitInferenceOptions.Deadline), "--deadline"),
    ];

    // Messages of a client name these with the options that hold them.
    private static readonly (string Property, string Option)[] ClientSecurityWords =
    [
        (nameof(ClientSecurityOptions.CaFile), "--tls-ca"),
        (nameof(ClientSecurityOptions.ServerName), "--tls-name"),
        (nameof(ClientSecurityOptions.CertificateKeyFile), "--tls-key"),
        (nameof(ClientSecurityOptions.CertificateFile), "--tls-cert"),
        (nameof(ClientSecurityOptions.KeyFile), "--key-file"),
    ];

    // Longer names before those that they contain. These are in no other word of a message.
    private static readonly (string Property, string Option)[] SecurityWords =
    [
        (nameof(ServerSecurityOptions.CertificateKeyFile), "--tls-key"),
        (nameof(ServerSecurityOptions.CertificateFile), "--tls-cert"),
        (nameof(ServerSecurityOptions.ClientCaFile), "--tls-client-ca"),
        (nameof(ServerSecurityOptions.KeysFile), "--keys"),
        (nameof(ServerSecurityOptions.AllowInsecure), "--insecure"),
        ("Listen has", "--listen has"),
        ("Http has", "--http has"),
        ("Grpc has", "--grpc has"),
        ("Codecs has", "--codec has"),
    ];

    /// <summary>The message in words of the command line.</summary>
    public static string Of(string message)
    {
        foreach (var (property, option) in PlanWords)
            message = message.Replace($"{nameof(PlanOptions)}.{property}", option, StringComparison.Ordinal).Replace(property, option, StringComparison.Ordinal);
        foreach (var (property, option) in ClientSecurityWords)
            message = message.Replace($"{nameof(TransportOptions)}.Security.{property}", option, StringComparison.Ordinal).Replace($"Security.{property}", option, StringComparison.Ordinal);
        foreach (var (property, option) in SecurityWords) message = message.Replace(property, option, StringComparison.Ordinal);
        // Words such as "Partition" mean the option only where a message says so.
        foreach (var (property, option) in ClientWords)
            message = message.Replace($"{nameof(SplitInferenceOptions)}.{property}", option, StringComparison.Ordinal).Replace($"The option {property} ", $"The option {option} ", StringComparison.Ordinal);
        return message;
    }

    /// <summary>The message in words of the command line, without the parameter that the runtime adds to it.</summary>
    public static string Of(ArgumentException error)
    {
        var parameter = $" (Parameter '{error.ParamName}')";
        return Of(error.Message.EndsWith(parameter, StringComparison.Ordinal) ? error.Message[..^parameter.Length] : error.Message);
    }
}
