namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>Tests that measure the memory of the process, which nothing else may move meanwhile.</summary>
[CollectionDefinition(nameof(SerialMemory), DisableParallelization = true)]
public sealed class SerialMemory;
