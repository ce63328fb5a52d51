using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using SplitInfer.Cli.Inputs;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>What a server is told by a file, and by variables of the environment, which come before it. Names are those of settings, with colons between sections.</summary>
internal sealed class ConfiguredSettings
{
    /// <summary>What the names of the variables begin with; <c>__</c> stands between a section and what is in it.</summary>
    public const string Prefix = "SPLITINFER_SERVER_";

    private const string ServerSection = "SplitInferServer", ServeSection = "Serve";

    private readonly string? _path;
    private readonly Dictionary<string, string?> _file, _environment;

    private ConfiguredSettings(string? path, Dictionary<string, string?> file, Dictionary<string, string?> environment) => (_path, _file, _environment) = (path, file, environment);

    /// <summary>Reads both.</summary>
    /// <param name="path">The file; null without one.</param>
    /// <param name="variables">The variables of the environment.</param>
    /// <exception cref="UsageException">The file is not JSON, or there is no such setting, or its value is of the wrong kind.</exception>
    public static ConfiguredSettings Read(string? path, IEnumerable<KeyValuePair<string, string?>> variables)
    {
        var environment = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in variables.Where(static variable => variable.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)))
            if (!environment.TryAdd(name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), value)) throw new UsageException($"{name} is set twice, in upper and in lower case.");
        var settings = new ConfiguredSettings(path, path is null ? new(StringComparer.OrdinalIgnoreCase) : ReadFile(path), environment);
        Check(settings._file, _ => $"--config {path}", isFile: true);
        Check(environment, VariableOf, isFile: false);
        return settings;
    }

    /// <summary>The name of the variable that sets a setting.</summary>
    public static string VariableOf(string key) => Prefix + key.Replace(":", "__", StringComparison.Ordinal).Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Where a setting was given.</summary>
    /// <param name="setting">Its name, with dots.</param>
    /// <returns>The kind of source and what it is called; null where it was given in neither.</returns>
    public (string Source, string Origin)? OriginOf(string setting)
    {
        var key = setting.Replace('.', ':');
        if (KeyIn(_environment, key) is { } variable) return ("environment", VariableOf(variable));
        return KeyIn(_file, key) is null ? null : ("file", _path!);
    }

    /// <summary>Sets what they say.</summary>
    public void Apply(SplitInferServerOptions server, ServeSettings serve) => Bind(Merged(), server, serve);

    private static void Bind(Dictionary<string, string?> values, SplitInferServerOptions server, ServeSettings serve)
    {
        var root = new ConfigurationBuilder().AddInMemoryCollection(values.Where(static pair => !IsOfTool(pair.Key))).Build();
        root.Bind(server, static binder => binder.ErrorOnUnknownConfiguration = true);
        var tool = new ConfigurationBuilder().AddInMemoryCollection(values.Where(static pair => IsOfTool(pair.Key))).Build();
        tool.GetSection(ServeSection).Bind(serve, static binder => binder.ErrorOnUnknownConfiguration = true);
    }

    private static bool IsOfTool(string key) => key.Equals(ServeSection, StringComparison.OrdinalIgnoreCase) || key.StartsWith($"{ServeSection}:", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string?> ReadFile(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var root = new ConfigurationBuilder().AddJsonStream(stream).Build();
            var section = root.GetSection(ServerSection);
            if (section.Value is { Length: > 0 } text) throw UsageException.OfSetting($"--config {path}", $"{ServerSection} is a section with settings; it was '{text}'.");
            var hasSection = root.GetChildren().Any(static child => child.Key.Equals(ServerSection, StringComparison.OrdinalIgnoreCase));
            var values = (hasSection ? section : (IConfiguration)root).AsEnumerable(makePathsRelative: true).Where(static pair => pair.Key.Length > 0).ToArray();
            // A section has no value of its own; a setting without one is null.
            return values.Where(pair => pair.Value is not null || !Array.Exists(values, other => other.Key.StartsWith($"{pair.Key}:", StringComparison.Ordinal)))
                .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception error) when (error is JsonException or FormatException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw UsageException.OfSetting($"--config {path}", error.GetBaseException() is JsonException json ? WordsOf(json) : error.Message);
        }
    }

    private static string WordsOf(JsonException error)
    {
        // The place follows in words of a parser, which counts from 0.
        var end = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"line {error.LineNumber + 1}, column {error.BytePositionInLine + 1} is not JSON: {(end < 0 ? error.Message : error.Message[..end])}");
    }

    /// <summary>The key itself, or the first of those that are below it.</summary>
    private static string? KeyIn(Dictionary<string, string?> values, string key) =>
        values.Keys.FirstOrDefault(one => one.Equals(key, StringComparison.OrdinalIgnoreCase)) ?? values.Keys.FirstOrDefault(one => one.StartsWith($"{key}:", StringComparison.OrdinalIgnoreCase));

    /// <summary>Checks the names and values of one source, so that what is wrong is told with where it stands.</summary>
    private static void Check(Dictionary<string, string?> values, Func<string, string> originOf, bool isFile)
    {
        foreach (var (key, value) in values.ToArray())
        {
            if (ServerConfiguration.Find(key, originOf(key)) is not { } setting)
            {
                // An empty section says nothing, and would be bound as none at all.
                if (string.IsNullOrEmpty(value)) values.Remove(key);
                else throw UsageException.OfSetting(originOf(key), $"{key.Replace(':', '.')} is a section with settings of its own; it was '{value}'.");
            }
            else if (setting.IsList && key.Length == setting.Name.Length)
            {
                // The binder takes an empty list for none, which allows every codec.
                if (value is "" && setting.Name == nameof(SplitInferServerOptions.Codecs)) throw UsageException.OfSetting(originOf(key), $"{setting.Name} has no entry; name at least one that is lossless, or leave it out to allow all.");
                if (!string.IsNullOrEmpty(value)) throw UsageException.OfSetting(originOf(key), $"{setting.Name} takes {FormOf(setting, key, value, isFile)}; it was '{value}'.");
            }
            else if (SettingValues.FaultOf(setting, value) is { } fault)
            {
                throw UsageException.OfSetting(originOf(key), $"{setting.Name} {fault}");
            }
            else
            {
                Try(key, value, originOf(key));
            }
        }
    }

    /// <summary>How several values are written.</summary>
    private static string FormOf(ServerSetting setting, string key, string value, bool isFile) => (isFile, setting.IsMap) switch
    {
        (true, false) => $"a list, such as [ \"{value}\" ]",
        (true, true) => "names with values, such as { \"batch\": 1 }",
        (false, false) => $"a list, whose first entry is {VariableOf($"{key}:0")}",
        (false, true) => $"names with values, such as {VariableOf(key)}__batch=1",
    };

    /// <summary>Binds a value by itself. What the checks let through should be bound; where it cannot be, a sentence is still better than the end of the program.</summary>
    private static void Try(string key, string? value, string origin)
    {
        try
        {
            Bind(new(StringComparer.OrdinalIgnoreCase) { [key] = value }, new(), new());
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or FormatException or NotSupportedException or MemberAccessException or TargetInvocationException)
        {
            throw UsageException.OfSetting(origin, $"{key.Replace(':', '.')} cannot be '{value}'.");
        }
    }

    private Dictionary<string, string?> Merged()
    {
        var merged = new Dictionary<string, string?>(_file, StringComparer.OrdinalIgnoreCase);
        // A list of the environment takes the place of a longer one of the file as a whole.
        foreach (var list in _environment.Keys.Where(static key => int.TryParse(key[(key.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture, out _)).Select(static key => key[..(key.LastIndexOf(':') + 1)]).Distinct())
            foreach (var key in merged.Keys.Where(key => key.StartsWith(list, StringComparison.OrdinalIgnoreCase)).ToArray()) merged.Remove(key);
        foreach (var (key, value) in _environment) merged[key] = value;
        return merged;
    }
}
