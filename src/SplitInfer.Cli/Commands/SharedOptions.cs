using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Inputs;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Commands;

/// <summary>Options that several commands take. The first two belong to the root, so that every command has them.</summary>
internal sealed class SharedOptions
{
    private static readonly KnownName CodecName = new("codec", "codecs", [.. CodecRegistry.Default.Names], CodecNames.Spell, ", and those of pictures, such as Jpeg95-ImageNet");
    private static readonly KnownName PolicyName = new("policy", "policies", PolicyNames.All);

    public SharedOptions()
    {
        Threads.Require<int>(static count => count is >= 0 and <= ExecutionOptions.MaxThreads, $"takes 0 to {ExecutionOptions.MaxThreads}; 0 leaves it to ONNX Runtime.");
        Dimensions.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!TryParse(token.Value, out _)) result.AddError($"--dim {token.Value} is not of the form name=size, such as batch=1.");
        });
        MaxBoundaryTensors.Require<int>(static count => count >= 0, "takes 0 or more.");
        MinDepth.Require<int>(static count => count >= 0, "takes 0 or more.");
        MaxMeasureSeconds.Require<double>(static seconds => seconds is > 0 and < 1e6, "takes more than 0.");
        MaxMeasureBytes.Require<long>(static count => count > 0, "takes 1 or more.");
        MaxUploadBytes.Require<long>(static count => count >= 0, "takes 0 or more.");
        CustomOperators.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!File.Exists(token.Value)) result.AddError($"--custom-ops {token.Value}: there is no such file; name a library of custom operators, such as libortextensions.so.");
        });
        PolicyOptions.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.IndexOf('=') < 1) result.AddError($"--policy-option {token.Value} is not of the form name=value, such as forcedInterval=20.");
        });
    }

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON object a line on standard output, and nothing else there.",
        Recursive = true,
    };

    public Option<int> Threads { get; } = new("--threads")
    {
        Description = "Threads that one run of ONNX Runtime spreads over; 0 leaves it to ONNX Runtime.",
        HelpName = "N",
        Recursive = true,
    };

    public Option<string[]> Dimensions { get; } = new("--dim")
    {
        Description = "Size of a symbolic dimension of the inputs, such as batch=1; may be given several times. Others are guessed.",
        HelpName = "name=size",
    };

    /// <summary>The most values that may cross a cut.</summary>
    public Option<int?> MaxBoundaryTensors { get; } = new("--max-boundary-tensors")
    {
        Description = $"Refuse cuts that more values cross than this. [default: {new PlanOptions().MaxBoundaryTensors}]",
        HelpName = "N",
    };

    /// <summary>The least number of nodes on the device.</summary>
    public Option<int?> MinDepth { get; } = new("--min-depth")
    {
        Description = "Refuse cuts with fewer nodes than this on the device; from 1 on, also those that an input of the model crosses as it is. [default: 0]",
        HelpName = "N",
    };

    /// <summary>The most bytes of a boundary.</summary>
    public Option<long?> MaxUploadBytes { get; } = new("--max-upload-bytes")
    {
        Description = "Refuse cuts whose boundary has more bytes than this, uncompressed. [default: no bound]",
        HelpName = "N",
    };

    /// <summary>Libraries of custom operators.</summary>
    public Option<string[]> CustomOperators { get; } = new("--custom-ops")
    {
        Description = "A library of custom operators for ONNX Runtime, which both ends need; may be given several times.",
        HelpName = "FILE.so",
    };

    /// <summary>Inputs that the file has a value for and that are fed all the same.</summary>
    public Option<string[]> Fed { get; } = new("--feed")
    {
        Description = "An input that the file has a value for and that requests may feed, which both ends must name; may be given several times.",
        HelpName = "NAME",
    };

    /// <summary>The longest that a measuring run takes.</summary>
    public Option<double?> MaxMeasureSeconds { get; } = new("--max-measure-seconds")
    {
        Description = $"The longest that running a model once to measure its sizes may take, in seconds. [default: {new PlanOptions().MaxMeasureTime.TotalSeconds}]",
        HelpName = "S",
    };

    /// <summary>The most memory that a measuring run takes.</summary>
    public Option<long?> MaxMeasureBytes { get; } = new("--max-measure-bytes")
    {
        Description = "The most memory that running a model once to measure its sizes may take. [default: 4 GiB, or half of what there is]",
        HelpName = "N",
    };

    /// <summary>The options of every command that makes a plan.</summary>
    public IEnumerable<Option> Planning => [Dimensions, MaxBoundaryTensors, MinDepth, MaxUploadBytes, MaxMeasureSeconds, MaxMeasureBytes, Fed, CustomOperators];

    /// <summary>The options of every command that connects to a server.</summary>
    public ConnectionOptions Connecting { get; } = new();

    /// <summary>Options of a policy.</summary>
    public Option<string[]> PolicyOptions { get; } = new("--policy-option")
    {
        Description = "An option of the policy, such as forcedInterval=20; may be given several times.",
        HelpName = "K=V",
    };

    /// <summary>Whether the device waits for every reply.</summary>
    public Option<bool> NoRaces { get; } = new("--no-races")
    {
        Description = "Never run a tail on the device beside the server, which spares its battery: samples then cost what they cost, and late replies are waited for.",
    };

    /// <summary>The argument that names a model.</summary>
    public static Argument<string> Model() => new("MODEL") { Description = "An .onnx file." };

    /// <summary>An option that names codecs and refuses names that there are not.</summary>
    public static Option<string[]> Codecs(string description) =>
        new("--codec") { Description = $"{description} May be given several times.", HelpName = "NAME", CustomParser = CodecName.All };

    /// <summary>An option that names one codec and refuses a name that there is not.</summary>
    public static Option<string?> Codec(string description) => new("--codec") { Description = description, HelpName = "NAME", CustomParser = CodecName.Single };

    /// <summary>An option that names a policy and refuses a name that there is not.</summary>
    public static Option<string?> Policy() =>
        new("--policy") { Description = $"Who chooses the partition: {string.Join(", ", PolicyNames.All)}.", HelpName = "NAME", CustomParser = PolicyName.Single };

    /// <summary>The codecs that an option of <see cref="Codecs"/> names, or all where it names none.</summary>
    public static IReadOnlyList<ITensorCodec> CodecsOf(ParseResult parsed, Option<string[]> option) =>
        [.. parsed.GetValue(option) is { Length: > 0 } names ? CodecNames.Registry(names).Allow(names).All : CodecRegistry.Default.All];

    /// <summary>How ONNX Runtime runs, by the options given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="execution">What holds where no option is given, which is changed; null for the defaults.</param>
    public ExecutionOptions ExecutionOf(ParseResult parsed, ExecutionOptions? execution = null)
    {
        execution ??= new();
        if (IsTyped(parsed, Threads)) execution.IntraOpThreads = parsed.GetValue(Threads);
        if (parsed.GetValue(CustomOperators) is { Length: > 0 } libraries) execution.CustomOperatorLibraries = [.. libraries.Select(Path.GetFullPath)];
        return execution;
    }

    /// <summary>How plans are made, by the options given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="plan">What holds where no option is given, which is changed; null for the defaults.</param>
    public PlanOptions PlanOf(ParseResult parsed, PlanOptions? plan = null)
    {
        plan ??= new();
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(Dimensions) ?? [])
            if (TryParse(text, out var dimension)) sizes[dimension.Name] = dimension.Size;
        if (sizes.Count > 0) plan.DimensionSizes = sizes;
        if (parsed.GetValue(Fed) is { Length: > 0 } fed) plan.FedInitializers = fed.ToHashSet(StringComparer.Ordinal);
        plan.MaxBoundaryTensors = parsed.GetValue(MaxBoundaryTensors) ?? plan.MaxBoundaryTensors;
        if (parsed.GetValue(MaxMeasureSeconds) is { } seconds) plan.MaxMeasureTime = TimeSpan.FromSeconds(seconds);
        plan.MaxMeasureBytes = parsed.GetValue(MaxMeasureBytes) ?? plan.MaxMeasureBytes;
        plan.MinDepth = parsed.GetValue(MinDepth) ?? plan.MinDepth;
        plan.MaxUploadBytes = parsed.GetValue(MaxUploadBytes) ?? plan.MaxUploadBytes;
        return plan;
    }

    private static bool IsTyped(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Options as they were typed, for another process of this program.</summary>
    public static IEnumerable<string> Typed(ParseResult parsed, IEnumerable<Option> options) =>
        options.SelectMany(option => parsed.GetResult(option) is { Implicit: false } result ? result.Tokens.SelectMany(token => (string[])[option.Name, token.Value]) : []);

    /// <summary>Options of the policy by name, the last of each.</summary>
    public Dictionary<string, string> PolicyOptionsOf(ParseResult parsed)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(PolicyOptions) ?? []) values[text[..text.IndexOf('=')]] = text[(text.IndexOf('=') + 1)..];
        return values;
    }

    private static bool TryParse(string text, out (string Name, long Size) dimension)
    {
        var at = text.LastIndexOf('=');
        var isSize = long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var size);
        dimension = at > 0 ? (text[..at], size) : default;
        return at > 0 && isSize;
    }
}
