using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace SplitInfer.Fleet;

/// <summary>
/// Reads what was kept of a grain, and takes what cannot be read for nothing: a grain whose state cannot be read does not start, and would be gone until somebody repairs the storage. What is kept
/// here comes again by itself, since servers join and devices give shares anew.
/// </summary>
/// <param name="serializer">Reads and writes.</param>
/// <param name="logger">Told of what cannot be read.</param>
internal sealed partial class ForgivingSerializer(IGrainStorageSerializer serializer, ILogger<ForgivingSerializer> logger) : IGrainStorageSerializer
{
    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => serializer.Serialize(input);

    /// <inheritdoc/>
    public T Deserialize<T>(BinaryData input)
    {
        try
        {
            if (serializer.Deserialize<T>(input) is { } state) return state;
            LogUnreadable(typeof(T).Name, "there is none in it");
        }
#pragma warning disable CA1031 // What stands there may be anything, and makes a serialiser fail in any way.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogUnreadable(typeof(T).Name, error.Message);
        }

        return Activator.CreateInstance<T>();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {State} that was kept cannot be read, so the grain begins with none and will write its own over it. See who else writes to this Redis. {Reason}")]
    private partial void LogUnreadable(string state, string reason);
}
