using System.Collections.Immutable;
using SplitInfer.Models;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Makes another model of one, such as its int8 form. Implementations keep what they were made with, and change none of it: one that is not changed meanwhile is safe for concurrent use.</summary>
public abstract class ModelTransformation
{
    // Graphs are edited by types of this library.
    private protected ModelTransformation() { }

    /// <summary>The name by which people choose the transformation, such as <c>int8</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Transforms a model, which itself stays as it is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="TransformationRefusedException">It cannot be made of this model.</exception>
    /// <exception cref="ModelFormatException">The model is not valid.</exception>
    /// <exception cref="SplitInferException">The model does not run.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public TransformedModel Apply(OnnxModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var edit = new GraphEdit(model);
        Change(edit, cancellationToken);
        edit.RemoveUnused();
        return new(edit.ToBytes(), $"{model.Source} ({Name})", [.. edit.Changes]);
    }

    /// <summary>Changes the copy of the model.</summary>
    private protected abstract void Change(GraphEdit edit, CancellationToken cancellationToken);
}

/// <summary>A model that a transformation made. Immutable.</summary>
public sealed class TransformedModel
{
    private readonly byte[] _bytes;

    internal TransformedModel(byte[] bytes, string source, ImmutableArray<string> changes)
    {
        (_bytes, Changes) = (bytes, changes);
        Model = OnnxModel.Parse(bytes.AsMemory(), source: source);
    }

    /// <summary>The model.</summary>
    public OnnxModel Model { get; }

    /// <summary>The ONNX file, with all weights in it.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>What was done, in words for people; empty if there was nothing to do.</summary>
    public ImmutableArray<string> Changes { get; }
}
