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
    private const string Section = "SplitInferServer";

    // What the options of a server hold in sections of their own.
    private static readonly (string Section, string[] Known)[] Sections =
    [
        ("", Settings(typeof(SplitInferServerOptions))),
        ("Limits", Settings(typeof(ServerLimits))),
        ("Limits:Sizes", Settings(typeof(SizeLimits))),
        ("Security", Settings(typeof(ServerSecurityOptions))),
        ("Plan", Settings(typeof(PlanOptions))),
        ("Execution", Settings(typeof(ExecutionOptions))),
    ];

    /// <summary>The option that names the file.</summary>
    public static Option<string?> Option()
    {
        var option = new Option<string?>("--config") { Description = $"A JSON file with properties of SplitInferServerOptions, such as Limits, at its root or in a section {Section}. What is given on the command line comes before it.", HelpName = "FILE" };
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

    /// <summary>Sets what a file says, and then limits.</summary>
    /// <exception cref="UsageException">The file is not JSON, or a setting is none or cannot be read.</exception>
    public static void Apply(SplitInferServerOptions server, string? file, IReadOnlyList<string> limits)
    {
        try
        {
            if (file is not null)
            {
                var root = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file)).Build();
                var section = root.GetSection(Section);
                IConfiguration configuration = section.Exists() ? section : root;
                RequireKnown(configuration, file);
                Bind(configuration, server);
            }

            if (limits.Count == 0) return;
            foreach (var text in limits) Require(text);
            var values = limits.Select(static text => KeyValuePair.Create($"Limits:{text[..text.IndexOf('=')].Replace('.', ':')}", (string?)text[(text.IndexOf('=') + 1)..]));
            Bind(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), server);
        }
        catch (Exception error) when (error is InvalidOperationException or InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            var said = error is InvalidDataException && error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message;
            throw new UsageException($"{(limits.Count > 0 && file is null ? "--limit" : $"--config {file}")}: {said}");
        }
    }

    /// <summary>Checks the names in a file before they are bound, since the binder names neither the nearest one nor where it is.</summary>
    /// <exception cref="UsageException">There is no such setting.</exception>
    private static void RequireKnown(IConfiguration configuration, string file)
    {
        foreach (var (section, known) in Sections)
        {
            foreach (var setting in (section.Length == 0 ? configuration : configuration.GetSection(section)).GetChildren())
            {
                if (known.Contains(setting.Key, StringComparer.OrdinalIgnoreCase)) continue;
                var name = section.Length == 0 ? setting.Key : $"{section.Replace(':', '.')}.{setting.Key}";
                throw new UsageException($"--config {file}: there is no setting '{name}'.{Spelling.Suggestion(setting.Key, known)} The settings there are: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
            }
        }
    }

    /// <summary>Sets how models are planned and run, as far as the command line says so or no file does.</summary>
    public static void ApplyShared(SplitInferServerOptions server, SharedOptions options, ParseResult parsed, bool isConfigured)
    {
        if (!isConfigured || SharedOptions.Typed(parsed, options.Planning.Where(option => option != options.CustomOperators)).Any()) server.Plan = options.PlanOf(parsed);
        if (!isConfigured || SharedOptions.Typed(parsed, [options.Threads, options.CustomOperators]).Any()) server.Execution = options.ExecutionOf(parsed);
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

    private static void Bind(IConfiguration configuration, SplitInferServerOptions server) => configuration.Bind(server, static binder => binder.ErrorOnUnknownConfiguration = true);
}
