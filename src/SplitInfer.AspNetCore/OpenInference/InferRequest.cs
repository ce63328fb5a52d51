using System.Buffers;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>A request for outputs, as it stands in JSON.</summary>
/// <param name="Id">What the answer is to repeat; null for nothing.</param>
/// <param name="Deadline">How long the outputs are of use; null for ever.</param>
/// <param name="IsBinary">Whether outputs are to be binary where they do not say.</param>
/// <param name="Inputs">The inputs.</param>
/// <param name="Outputs">The outputs that are wanted; empty for all.</param>
internal sealed record InferRequest(string? Id, TimeSpan? Deadline, bool IsBinary, IReadOnlyList<InferInput> Inputs, IReadOnlyList<InferOutput> Outputs);

/// <summary>An input of a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">The type of its elements, in the protocol's words.</param>
/// <param name="Shape">Its dimensions, none of them negative.</param>
/// <param name="BinarySize">Bytes of its elements behind the JSON; null where they stand in it.</param>
/// <param name="Data">Its elements in JSON; empty where they come behind it.</param>
internal sealed record InferInput(string Name, string Datatype, long[] Shape, long? BinarySize, ReadOnlySequence<byte> Data);

/// <summary>An output that is wanted.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsBinary">Whether it is to be binary; null for what the request says of all.</param>
internal sealed record InferOutput(string Name, bool? IsBinary);
