using System.Collections;
using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Options of a server that come from a file, or by the names of <see cref="ServerLimits"/>.</summary>
internal static class ServerConfiguration
{
    // What the options of a server hold in sections of their own.
    private static readonly (string Section, string[] Known)[] Sections =
    [
        ("", Settings(typeof(SplitInferServerOptions))),
        ("Limits", Settings(typeof(ServerLimits))),
        ("Limits:Sizes", Settings(typeof(SizeLimits))),
        ("Security", Settings(typeof(ServerSecurityOptions))),
        ("Plan", Settings(typeof(PlanOptions))),
        ("Execution", Settings(typeof(ExecutionOptions))),
        ("Serve", Settings(typeof(ServeSettings))),
    ];

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
        try
        {
            new ConfigurationBuilder().AddInMemoryCollection(values).Build().Bind(server, static binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException error)
        {
            throw new UsageException($"--limit: {error.Message}");
        }
    }

    /// <summary>Reads a file and the environment.</summary>
    /// <exception cref="UsageException">The file is not JSON, or a setting is none or cannot be read.</exception>
    public static ConfiguredSettings Read(string? file) =>
        ConfiguredSettings.Read(file, Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)));

    /// <summary>Checks the name of a setting before it is bound, since the binder names neither the nearest one nor where it is.</summary>
    /// <param name="key">The name, with colons.</param>
    /// <param name="origin">Where it stands.</param>
    /// <exception cref="UsageException">There is no such setting.</exception>
    public static void RequireKnown(string key, string origin)
    {
        var parts = key.Split(':');
        var section = "";
        foreach (var part in parts)
        {
            if (Sections.FirstOrDefault(one => one.Section.Equals(section, StringComparison.OrdinalIgnoreCase)).Known is not { } known) return;
            // The section of the command is none of the server's options.
            if (!known.Contains(part, StringComparer.OrdinalIgnoreCase) && !(section.Length == 0 && part.Equals("Serve", StringComparison.OrdinalIgnoreCase)))
                throw new UsageException($"{origin}: there is no setting '{(section.Length == 0 ? "" : $"{section.Replace(':', '.')}.")}{part}'.{Spelling.Suggestion(part, known)} The settings there are: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
            section = section.Length == 0 ? part : $"{section}:{part}";
        }
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
        if (type == typeof(TimeSpan) && !(value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _)))
            throw new UsageException($"--limit {name} takes a time as hours, minutes and seconds, such as 00:00:10; it was '{value}'.");
        if ((Nullable.GetUnderlyingType(type) ?? type) is var number && (number == typeof(int) || number == typeof(long)) && !long.TryParse(value, CultureInfo.InvariantCulture, out _))
            throw new UsageException($"--limit {name} takes a whole number{(name.Contains("Bytes", StringComparison.OrdinalIgnoreCase) ? " of bytes, such as 67108864" : "")}; it was '{value}'.");

        static IEnumerable<(string Name, Type Type)> Limits([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, string prefix) =>
            type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static p => p.CanWrite && p.PropertyType != typeof(SizeLimits)).Select(p => ($"{prefix}{p.Name}", p.PropertyType));
    }

    private static string[] Settings([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(static property => property.Name)];
}
