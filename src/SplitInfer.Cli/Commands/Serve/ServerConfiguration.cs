using System.Collections;
using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using SplitInfer.Cli.Inputs;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Options of a server that come from a file, or by the names of <see cref="ServerLimits"/>.</summary>
internal static class ServerConfiguration
{
    // By section, with dots; what only code can set is in none.
    private static readonly Dictionary<string, string[]> Known = ServerSetting.All.SelectMany(static setting => StepsOf(setting.Name)).Distinct().GroupBy(static step => step.Section, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static section => section.Key, static section => section.Select(static step => step.Name).ToArray(), StringComparer.OrdinalIgnoreCase);

    /// <summary>The option that names the file.</summary>
    public static Option<string?> Option()
    {
        var option = new Option<string?>("--config") { Description = $"A JSON file with properties of SplitInferServerOptions, such as Limits, at its root or in a section SplitInferServer. What variables {ConfiguredSettings.Prefix}… say comes before it, and what is given on the command line before both.", HelpName = "FILE" };
        option.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!File.Exists(token.Value)) result.AddError($"--config {token.Value}: there is no such file.");
        });
        return option;
    }

    /// <summary>The option that sets limits.</summary>
    public static Option<string[]> Limits()
    {
        var option = new Option<string[]>("--limit") { Description = "One of the server's limits, such as MaxConnections=64 or MaxRunTime=00:00:10; may be given several times. docs/operations.md lists them with their defaults and units, and those that only --config sets, such as SegmentMemoryBytes.", HelpName = "NAME=VALUE" };
        option.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.IndexOf('=') < 1) result.AddError($"--limit {token.Value} is not of the form name=value, such as MaxConnections=64.");
        });
        return option;
    }

    /// <summary>Sets what a file and the environment say, and then limits.</summary>
    /// <exception cref="UsageException">A setting is none or cannot be read.</exception>
    public static void Apply(SplitInferServerOptions server, string? file, IReadOnlyList<string> limits) => Apply(server, new(), Read(file), limits);

    /// <summary>Sets what was read of a file and the environment, and then limits.</summary>
    /// <exception cref="UsageException">A limit is none or cannot be read.</exception>
    public static void Apply(SplitInferServerOptions server, ServeSettings serve, ConfiguredSettings configured, IReadOnlyList<string> limits)
    {
        configured.Apply(server, serve);
        if (limits.Count == 0) return;
        foreach (var text in limits) Require(text);
        var values = limits.Select(static text => KeyValuePair.Create($"Limits:{text[..text.IndexOf('=')].Replace('.', ':')}", (string?)text[(text.IndexOf('=') + 1)..]));
        new ConfigurationBuilder().AddInMemoryCollection(values).Build().Bind(server, static binder => binder.ErrorOnUnknownConfiguration = true);
    }

    /// <summary>Reads a file and the environment.</summary>
    /// <exception cref="UsageException">The file is not JSON, or a setting is none or cannot be read.</exception>
    public static ConfiguredSettings Read(string? file) =>
        ConfiguredSettings.Read(file, Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)));

    /// <summary>Finds a setting before it is bound, since the binder names neither the nearest one nor where it is.</summary>
    /// <param name="key">The name, with colons, of a setting or of an entry of one.</param>
    /// <param name="origin">Where it stands.</param>
    /// <returns>The setting; null where it is a section.</returns>
    /// <exception cref="UsageException">There is no such setting.</exception>
    public static ServerSetting? Find(string key, string origin)
    {
        var parts = key.Split(':');
        for (var i = 0; i < parts.Length; i++)
        {
            var section = string.Join('.', parts[..i]);
            if (!Known[section].Contains(parts[i], StringComparer.OrdinalIgnoreCase))
                throw UsageException.OfSetting(origin, $"there is no setting '{string.Join('.', parts[..(i + 1)])}'.{Spelling.Suggestion(parts[i], Known[section])} The settings there are: {string.Join(", ", Known[section].Order(StringComparer.Ordinal))}.");
            if (Known.ContainsKey(string.Join('.', parts[..(i + 1)]))) continue;
            var setting = ServerSetting.All.First(one => one.Name.Equals(string.Join('.', parts[..(i + 1)]), StringComparison.OrdinalIgnoreCase));
            // Names in a map may have colons.
            if (parts.Length > i + (setting.IsList ? 2 : 1) && !setting.IsMap) throw UsageException.OfSetting(origin, $"{setting.Name} has no settings of its own, such as '{parts[^1]}'.");
            return setting;
        }

        return null;
    }

    /// <summary>Sets how models are planned and run, as far as the command line says so.</summary>
    public static void ApplyShared(SplitInferServerOptions server, SharedOptions options, ParseResult parsed)
    {
        server.Plan = options.PlanOf(parsed, server.Plan);
        server.Execution = options.ExecutionOf(parsed, server.Execution);
    }

    /// <summary>Checks the name of a limit and the form of its value.</summary>
    /// <exception cref="UsageException">There is no such limit, or a time has no colons, which would count it in days.</exception>
    private static void Require(string text)
    {
        var (name, value) = (text[..text.IndexOf('=')], text[(text.IndexOf('=') + 1)..]);
        var known = Limits(typeof(ServerLimits), "").Concat(Limits(typeof(SizeLimits), $"{nameof(ServerLimits.Sizes)}.")).ToDictionary(static l => l.Name, static l => l.Type, StringComparer.OrdinalIgnoreCase);
        if (!known.TryGetValue(name, out var type))
            throw new UsageException($"--limit: there is no limit '{name}'.{Spelling.Suggestion(name, [.. known.Keys])} The limits are: {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.");
        if (SettingValues.FaultOf(name, type, value) is { } fault) throw new UsageException($"--limit {name} {fault}");

        static IEnumerable<(string Name, Type Type)> Limits([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, string prefix) =>
            type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static p => p.CanWrite && p.PropertyType != typeof(SizeLimits)).Select(p => ($"{prefix}{p.Name}", p.PropertyType));
    }

    private static IEnumerable<(string Section, string Name)> StepsOf(string setting)
    {
        var parts = setting.Split('.');
        return parts.Select((part, i) => (string.Join('.', parts[..i]), part));
    }
}
