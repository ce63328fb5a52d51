using SplitInfer.Protocol;

namespace SplitInfer.Server.Monitoring;

/// <summary>One request that has ended, as the server saw it, for people who watch it. Times are by the server's clock; a stage that did not take place is zero.</summary>
public readonly record struct RequestActivity
{
    /// <summary>The client, as <see cref="ClientStatus.Number"/> has it; negative where it came over HTTP or gRPC.</summary>
    public required long Client { get; init; }

    /// <summary>Name of the model; null where the request was refused before that was known.</summary>
    public required string? Model { get; init; }

    /// <summary>Version of the model; null likewise.</summary>
    public required string? Version { get; init; }

    /// <summary>Why there are no outputs; null where there are.</summary>
    public required RefusalCode? Refusal { get; init; }

    /// <summary>Where the model was cut; 0 where the request was refused before that was known.</summary>
    public required int Partition { get; init; }

    /// <summary>The codec of the boundary, or <c>Json</c>, <c>Binary</c> or <c>Grpc</c> of a whole model over HTTP or gRPC; null likewise.</summary>
    public required string? Codec { get; init; }

    /// <summary>Payload bytes that came.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Payload bytes of the reply.</summary>
    public required long BytesSent { get; init; }

    /// <summary>From the first frame to the last.</summary>
    public required TimeSpan Receive { get; init; }

    /// <summary>Decoding what was left of the boundary when all of it had come.</summary>
    public required TimeSpan Decode { get; init; }

    /// <summary>Waiting for the tail to be loaded, where it was not, and for a place to run.</summary>
    public required TimeSpan Queue { get; init; }

    /// <summary>Running the tail.</summary>
    public required TimeSpan Run { get; init; }

    /// <summary>Encoding the outputs until their first bytes could leave.</summary>
    public required TimeSpan Encode { get; init; }

    /// <summary>The exit that answered, from 1 on; 0 for the model itself, and where there are no outputs.</summary>
    public int Exit { get; init; }

    /// <summary>What the client told with this request of those before; null where it told nothing.</summary>
    public required ClientReport? Report { get; init; }
}
