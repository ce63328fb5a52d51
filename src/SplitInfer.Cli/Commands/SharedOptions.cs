using System.CommandLine;
using System.Globalization;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands;

/// <summary>Options that several commands take. The first two belong to the root, so that every command has them.</summary>
internal sealed class SharedOptions
{
    public SharedOptions()
    {
        Threads.Require<int>(static count => count is >= 0 and <= ExecutionOptions.MaxThreads, $"takes 0 to {ExecutionOptions.MaxThreads}; 0 leaves it to ONNX Runtime.");
        Dimensions.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!TryParse(token.Value, out _)) result.AddError($"--dim {token.Value} is not of the form name=size, such as batch=1.");
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
    public static Option<string[]> Codecs(string description)
    {
        var option = new Option<string[]>("--codec") { Description = $"{description} May be given several times.", HelpName = "NAME" };
        option.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!CodecRegistry.Default.TryGet(token.Value, out _)) result.AddError($"There is no codec '{token.Value}'. The codecs are: {string.Join(", ", CodecRegistry.Default.Names)}.");
        });
        return option;
    }

    /// <summary>The codecs that an option of <see cref="Codecs"/> names, or all where it names none.</summary>
    public static IReadOnlyList<ITensorCodec> CodecsOf(ParseResult parsed, Option<string[]> option) =>
        [.. CodecRegistry.Default.Allow(parsed.GetValue(option) is { Length: > 0 } names ? names : null).All];

    /// <summary>How ONNX Runtime runs, by the options given.</summary>
    public ExecutionOptions ExecutionOf(ParseResult parsed) => new() { IntraOpThreads = parsed.GetValue(Threads) };

    /// <summary>How plans are made, by the options given.</summary>
    public PlanOptions PlanOf(ParseResult parsed)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(Dimensions) ?? [])
            if (TryParse(text, out var dimension)) sizes[dimension.Name] = dimension.Size;
        return new() { DimensionSizes = sizes };
    }

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
