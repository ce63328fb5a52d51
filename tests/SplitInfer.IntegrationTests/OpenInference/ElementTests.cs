using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Elements of tensors in JSON, whatever they are.</summary>
public sealed class ElementTests
{
    private static readonly ElementType[] Types = [.. SmallModels.Types, ElementType.BFloat16];

    [Fact]
    public void All_finite_numbers_come_back_bit_for_bit_flat_and_nested_and_in_any_pieces()
    {
        Holds(static random =>
        {
            var type = Types[random.Next(Types.Length)];
            var shape = new long[random.Next(5)];
            for (var axis = 0; axis < shape.Length; axis++) shape[axis] = random.Next(5);
            using var tensor = Finite(random, type, shape);
            var text = TextOf(tensor, random.Next(2) == 0);
            using var read = TensorValue.Allocate(type, tensor.Shape);
            JsonElements.Read(Pieces(text, random), "x", read);
            return read.Bytes.Span.SequenceEqual(tensor.Bytes.Span);
        });
    }

    [Fact]
    public void Whatever_stands_there_instead_is_read_or_refused_in_words()
    {
        Holds(static random =>
        {
            using var tensor = Finite(random, Types[random.Next(Types.Length)], random.Next(4), random.Next(4));
            var text = Encoding.UTF8.GetBytes(TextOf(tensor, isNested: random.Next(2) == 0));
            for (var change = random.Next(1, 4); change > 0; change--) text[random.Next(1, text.Length)] = (byte)"0123456789.-eE[],{}\":truefalsn \\u"[random.Next(32)];
            try
            {
                JsonElements.Read(new(text), "x", tensor);
            }
            catch (Exception error) when (error is InferenceException or JsonException)
            {
                // The second is told of by who has found the array in the first place, which then is none.
            }

            return true;
        });
    }

    [Fact]
    public void A_request_is_read_or_refused_in_words_whatever_is_wrong_with_it()
    {
        var request = """{"id":"1","parameters":{"binary_data_output":true,"timeout":7},"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},{"name":"b","shape":[0],"datatype":"INT8","parameters":{"binary_data_size":0}}],"outputs":[{"name":"y","parameters":{"binary_data":false}}]}"""u8.ToArray();
        Assert.Equal(2, InferRequestReader.Read(new(request)).Inputs.Count);
        Holds(random =>
        {
            var text = (byte[])request.Clone();
            for (var change = random.Next(1, 6); change > 0; change--) text[random.Next(text.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : text[random.Next(text.Length)];
            try
            {
                InferRequestReader.Read(Pieces(text.AsMemory(0, random.Next(text.Length + 1)), random));
            }
            catch (InferenceException refused)
            {
                return refused.Message.EndsWith('.') || refused.Message.Contains('.', StringComparison.Ordinal);
            }

            return true;
        });
    }

    private static void Holds(Func<Random, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithReplay(7, 1).WithMaxTest(400), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => property(new Random(seed))));

    private static TensorValue Finite(Random random, ElementType type, params long[] shape)
    {
        while (true)
        {
            var tensor = RandomTensor.Bits(random, type, shape);
            if (FiniteNumbers.AreIn(tensor)) return tensor;
            tensor.Dispose();
        }
    }

    private static string TextOf(TensorValue tensor, bool isNested)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            if (isNested && tensor.Shape is { Rank: > 1, ElementCount: > 0 }) Write(writer, 0, 0, (int)tensor.Shape.ElementCount);
            else Flat(writer, 0, (int)tensor.Shape.ElementCount);
        }

        return Encoding.UTF8.GetString(stream.ToArray());

        void Write(Utf8JsonWriter writer, int axis, int start, int count)
        {
            var size = (int)tensor.Shape.Dimensions[axis];
            if (axis == tensor.Shape.Rank - 1)
            {
                Flat(writer, start, count);
                return;
            }

            writer.WriteStartArray();
            for (var part = 0; part < size; part++) Write(writer, axis + 1, start + (part * count / size), count / size);
            writer.WriteEndArray();
        }

        void Flat(Utf8JsonWriter writer, int start, int count)
        {
            writer.WriteStartArray();
            JsonElements.Write(writer, tensor, start, count);
            writer.WriteEndArray();
        }
    }

    private static ReadOnlySequence<byte> Pieces(string text, Random random) => Pieces(Encoding.UTF8.GetBytes(text), random);

    private static ReadOnlySequence<byte> Pieces(ReadOnlyMemory<byte> text, Random random)
    {
        var first = new Piece(text[..Math.Min(text.Length, random.Next(1, 20))], before: null);
        var last = first;
        while (last.RunningIndex + last.Memory.Length is var read && read < text.Length) last = new(text.Slice((int)read, Math.Min(text.Length - (int)read, random.Next(1, 20))), last);
        return new(first, 0, last, last.Memory.Length);
    }
}
