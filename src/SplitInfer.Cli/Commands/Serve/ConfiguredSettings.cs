using System.Globalization;
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
        var environment = variables.Where(static variable => variable.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(static variable => variable.Key[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), static variable => variable.Value, StringComparer.OrdinalIgnoreCase);
        var settings = new ConfiguredSettings(path, path is null ? new(StringComparer.OrdinalIgnoreCase) : ReadFile(path), environment);
        Check(settings._file, _ => $"--config {path}");
        Check(environment, VariableOf);
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
            var root = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path)).Build();
            var section = root.GetSection(ServerSection);
            var values = (section.Exists() ? section : (IConfiguration)root).AsEnumerable(makePathsRelative: true).Where(static pair => pair.Key.Length > 0).ToArray();
            // A section has no value of its own; a setting without one is null.
            return values.Where(pair => pair.Value is not null || !Array.Exists(values, other => other.Key.StartsWith($"{pair.Key}:", StringComparison.Ordinal)))
                .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--config {path}: {(error is InvalidDataException && error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message)}");
        }
    }

    /// <summary>The key itself, or the first of those that are below it.</summary>
    private static string? KeyIn(Dictionary<string, string?> values, string key) =>
        values.Keys.FirstOrDefault(one => one.Equals(key, StringComparison.OrdinalIgnoreCase)) ?? values.Keys.FirstOrDefault(one => one.StartsWith($"{key}:", StringComparison.OrdinalIgnoreCase));

    /// <summary>Checks the names and values of one source, so that what is wrong is told with where it stands.</summary>
    private static void Check(Dictionary<string, string?> values, Func<string, string> originOf)
    {
        foreach (var (key, value) in values)
        {
            ServerConfiguration.RequireKnown(key, originOf(key));
            if (ServerSetting.All.FirstOrDefault(setting => setting.Name.Replace('.', ':').Equals(key, StringComparison.OrdinalIgnoreCase)) is not { } known) continue;
            // A number without colons would be one of days.
            if (known.Type == typeof(TimeSpan) && !(value?.Contains(':', StringComparison.Ordinal) == true && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _)))
                throw new UsageException($"{originOf(key)}: {known.Name} takes a time as hours, minutes and seconds, such as 00:00:10; it was '{value}'.");
            try
            {
                Bind(new(StringComparer.OrdinalIgnoreCase) { [key] = value }, new(), new());
            }
            catch (InvalidOperationException error)
            {
                throw new UsageException($"{originOf(key)}: {error.Message}");
            }
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
