using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using SplitInfer.Cli.Exporting;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>An option of a server that files and the environment can set.</summary>
/// <param name="Name">The names of its sections and its own, with dots.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Read">Reads its value.</param>
internal sealed record ServerSetting(string Name, Type Type, Func<SplitInferServerOptions, ServeSettings, object?> Read)
{
    /// <summary>What follows where a file that an option names is looked at again.</summary>
    public const string ContentsAreReloaded = "contents";

    /// <summary>What only a new start changes.</summary>
    public const string NeedsRestart = "restart";

    private const string DefaultListen = "tcp://127.0.0.1:7070";

    /// <summary>All of them: those of the server, and then its sections.</summary>
    public static IReadOnlyList<ServerSetting> All { get; } =
    [
        .. Of(typeof(SplitInferServerOptions), "", static (server, _) => server),
        .. Of(typeof(ServerLimits), "Limits.", static (server, _) => server.Limits),
        .. Of(typeof(SizeLimits), "Limits.Sizes.", static (server, _) => server.Limits.Sizes),
        .. Of(typeof(ServerSecurityOptions), "Security.", static (server, _) => server.Security),
        .. Of(typeof(PlanOptions), "Plan.", static (server, _) => server.Plan),
        .. Of(typeof(ExecutionOptions), "Execution.", static (server, _) => server.Execution),
        .. Of(typeof(ServeSettings), "Serve.", static (_, serve) => serve),
    ];

    /// <summary>Whether it has several values, which have names of their own below its name.</summary>
    public bool IsList => Type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(Type);

    /// <summary>Whether these names mean something, rather than being numbers in order.</summary>
    public bool IsMap => Type == typeof(IReadOnlyDictionary<string, long>);

    /// <summary>Whether it can have no value.</summary>
    public bool TakesNull => Nullable.GetUnderlyingType(Type) is not null || Read(new(), new()) is null;

    /// <summary>What becomes of a change while the server runs: <see cref="ContentsAreReloaded"/> of what it names, or nothing before it starts again.</summary>
    public string Reload => Name is nameof(SplitInferServerOptions.ModelsDirectory) || (Name.StartsWith("Security.", StringComparison.Ordinal) && Name.EndsWith("File", StringComparison.Ordinal)) ? ContentsAreReloaded : NeedsRestart;

    /// <summary>Its value, as it is written in a file; where it has none, what holds then.</summary>
    public string ValueOf(SplitInferServerOptions server, ServeSettings serve)
    {
        var text = TextOf(Read(server, serve));
        if (Name == $"Serve.{nameof(ServeSettings.Coordinate)}") text = text.Length > 0 ? CoordinatorAddress.Shown(text) : CoordinatorAddress.Local;
        return text.Length > 0 ? text : Name switch
        {
            nameof(SplitInferServerOptions.Listen) => DefaultListen,
            nameof(SplitInferServerOptions.Codecs) => "all",
            $"Execution.{nameof(ExecutionOptions.ShareWeights)}" => "automatic",
            $"Serve.{nameof(ServeSettings.TraceRatio)}" => OtlpSettings.IsSampledByEnvironment ? "by OTEL_TRACES_SAMPLER" : TextOf(ServeSettings.DefaultTraceRatio),
            $"Serve.{nameof(ServeSettings.TrialBytes)}" => TextOf(ServeSettings.DefaultTrialBytes(server.MaxConcurrentTrials)),
            $"Serve.{nameof(ServeSettings.Otlp)}" when OtlpSettings.IsInEnvironment => "by the variables of OpenTelemetry",
            _ => "none",
        };
    }

    private static string TextOf(object? value) => value switch
    {
        null => "",
        string text => text,
        Uri address => address.OriginalString,
        bool one => one ? "true" : "false",
        IReadOnlyDictionary<string, long> sizes => string.Join(", ", sizes.Select(static size => $"{size.Key}={size.Value}")),
        IEnumerable many => string.Join(", ", many.Cast<object>().Select(TextOf)),
        IFormattable one => one.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static IEnumerable<ServerSetting> Of([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, string section, Func<SplitInferServerOptions, ServeSettings, object> holder) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static property => IsSetting(property)).Select(property => new ServerSetting(section + property.Name, property.PropertyType, (server, serve) => property.GetValue(holder(server, serve))));

    /// <summary>Whether text can set it: what only code sets is left out.</summary>
    private static bool IsSetting(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        // A list without a setter is filled.
        if (type == typeof(IList<Uri>)) return true;
        return property.CanWrite && (type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri) || typeof(IEnumerable<string>).IsAssignableFrom(type) || type == typeof(IReadOnlyDictionary<string, long>));
    }
}
