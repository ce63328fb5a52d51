using System.Globalization;

namespace SplitInfer.Server.Connections;

/// <summary>How many connections the process has file handles for.</summary>
internal static class HandleLimit
{
    private const string LimitsFile = "/proc/self/limits", Entry = "Max open files";

    // Libraries, model files, logs and what the host opens.
    private const int Reserve = 256;

    // Beside those that are served, as many may be on their way out and as many be told that they are not served.
    private const int HandlesPerConnection = 3;

    /// <summary>The files that the process may have open; null where the system does not say.</summary>
    public static long? Read()
    {
        try
        {
            var line = File.ReadLines(LimitsFile).FirstOrDefault(static line => line.StartsWith(Entry, StringComparison.Ordinal));
            var soft = line?[Entry.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var handles) ? handles : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The connections that so many handles suffice for; at least one.</summary>
    /// <param name="handles">The files that the process may have open.</param>
    /// <param name="webSocketListeners">Addresses of WebSockets, at each of which as many may be pending that have not become one yet.</param>
    public static int ConnectionsFor(long handles, int webSocketListeners = 0) => (int)Math.Clamp((handles - Reserve) / (HandlesPerConnection + webSocketListeners), 1, int.MaxValue);
}
