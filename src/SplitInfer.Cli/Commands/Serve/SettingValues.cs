using System.Globalization;
using SplitInfer.Cli.Exporting;
using SplitInfer.Cli.Inputs;
using SplitInfer.Codecs;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Server;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Checks the text of settings before it is bound, since the binder speaks of types of .NET and does not say what is allowed.</summary>
internal static class SettingValues
{
    private const string ImageCodecs = $"Serve.{nameof(ServeSettings.ImageCodecs)}";

    private static readonly string[] Listening = ["tcp", "tls", "unix", "ws", "wss"], Http = ["http", "https"];

    /// <summary>What is wrong with a value.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="value">Its value, or that of one entry where it is a list; null where a file says so.</param>
    /// <returns>What the setting takes, to follow its name; null where the value can be read.</returns>
    public static string? FaultOf(ServerSetting setting, string? value)
    {
        if (value is null) return setting.TakesNull && !setting.IsList ? null : $"takes {Expected(setting)}; it was null.";
        // An empty variable stands for nothing.
        if (value.Length == 0 && setting.TakesNull && !setting.IsList && Underlying(setting.Type) != typeof(string)) return null;
        if (!CanBeRead(setting, value)) return $"takes {Expected(setting)}; it was '{value}'.{Suggestion(setting, value)}";
        return setting.Name == $"Serve.{nameof(ServeSettings.Otlp)}" && value.Length > 0 ? OtlpAddress.FaultOf(value) : null;
    }

    /// <summary>The same for a value of a type, by the name that it was given.</summary>
    public static string? FaultOf(string name, Type type, string value)
    {
        var setting = new ServerSetting(name, type, static (_, _) => null);
        // Nothing stands for it here, whatever holds where it is not set.
        return value.Length == 0 ? $"takes {Expected(setting)}; it was empty." : FaultOf(setting, value);
    }

    private static bool CanBeRead(ServerSetting setting, string value)
    {
        var type = Underlying(setting.Type);
        if (type == typeof(int)) return int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _);
        if (type == typeof(long) || setting.IsMap) return long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _);
        if (type == typeof(double)) return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
        if (type == typeof(bool)) return bool.TryParse(value, out _);
        // A number without colons would be one of days.
        if (type == typeof(TimeSpan)) return value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _);
        if (type.IsEnum) return Enum.GetNames(type).Contains(value, StringComparer.OrdinalIgnoreCase);
        if (setting.Name == nameof(SplitInferServerOptions.Codecs)) return CodecNames.Registry([value]).TryGet(value, out _);
        if (setting.Name == ImageCodecs) return ImageCodec.TryParse(value, out var picture) && picture.Name == value;
        return SchemesOf(setting) is not { } schemes || (Uri.TryCreate(value, UriKind.Absolute, out var address) && schemes.Contains(address.Scheme));
    }

    private static string Expected(ServerSetting setting)
    {
        var type = Underlying(setting.Type);
        if (setting.IsMap) return "a whole number for each name";
        if (type == typeof(int) || type == typeof(long))
            return $"a whole number{(setting.Name.Contains("Bytes", StringComparison.OrdinalIgnoreCase) ? " of bytes, such as 67108864" : type == typeof(int) ? string.Create(CultureInfo.InvariantCulture, $" up to {int.MaxValue}") : "")}";
        if (type == typeof(double)) return "a number";
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(TimeSpan)) return "a time as hours, minutes and seconds, such as 00:00:10";
        if (type.IsEnum) return $"one of {string.Join(", ", Enum.GetNames(type))}";
        if (setting.Name == nameof(SplitInferServerOptions.Codecs)) return $"names of codecs: {CodecNames.Known}";
        if (setting.Name == ImageCodecs) return "names of codecs of pictures, such as Jpeg95-ImageNet, as 'splitinfer calibrate' prints them";
        return SchemesOf(setting) == Http ? "an address such as http://127.0.0.1:8080 or https://0.0.0.0:8443"
            : SchemesOf(setting) == Listening ? "addresses such as tcp://127.0.0.1:7070, tls://0.0.0.0:7070, wss://0.0.0.0:443/infer or unix:///run/splitinfer.sock"
            : "text";
    }

    private static string Suggestion(ServerSetting setting, string value)
    {
        var type = Underlying(setting.Type);
        if (type.IsEnum) return Spelling.Suggestion(value, Enum.GetNames(type));
        return setting.Name == nameof(SplitInferServerOptions.Codecs) ? Spelling.Suggestion(value, CodecRegistry.Default.Names) : "";
    }

    private static string[]? SchemesOf(ServerSetting setting) => setting.Name switch
    {
        nameof(SplitInferServerOptions.Listen) => Listening,
        nameof(SplitInferServerOptions.Http) or nameof(SplitInferServerOptions.Grpc) => Http,
        _ => null,
    };

    private static Type Underlying(Type type) => Nullable.GetUnderlyingType(type) ?? type;
}
