using SplitInfer.Testing.Fuzzing;

namespace SplitInfer.Fuzzing;

/// <summary>One thing that reads what others wrote.</summary>
internal abstract class FuzzTarget : IDisposable
{
    private byte[] _room = [];

    /// <summary>Its name.</summary>
    public abstract string Name { get; }

    /// <summary>Inputs of a short run, as the tests do one: some seconds.</summary>
    public virtual int ShortInputs => 3000;

    /// <summary>The least number of different outcomes of a short run: fewer say that the inputs stop at the door.</summary>
    public virtual int LeastOutcomes => 4;

    /// <summary>The most bytes that may be allocated for an input of so many.</summary>
    public virtual long MostBytes(int length) => (4L << 20) + (8L * length);

    /// <summary>Whether an input may end the process, so that it is written down before it is tried.</summary>
    public virtual bool MayCrash => false;

    /// <summary>Valid inputs, from which others are made.</summary>
    protected abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Makes an input; the same numbers make the same one.</summary>
    public byte[] Make(int seed, long index)
    {
        var random = new Random(unchecked((seed * 1_000_003) + (int)index));
        return Make(random, Seeds[random.Next(Seeds.Count)], Seeds[random.Next(Seeds.Count)]);
    }

    /// <summary>Takes an input.</summary>
    /// <returns>What it came to.</returns>
    /// <exception cref="Exception">It was refused, by an error that <see cref="Documents"/>; every other one is a find.</exception>
    public abstract string Take(byte[] input);

    /// <summary>Whether the seam documents the error.</summary>
    public abstract bool Documents(Exception error);

    /// <summary>Gives back what it holds.</summary>
    public void Dispose() => Release();

    /// <inheritdoc cref="Dispose"/>
    protected virtual void Release()
    {
    }

    /// <summary>Makes an input from a seed and, perhaps, parts of another.</summary>
    protected virtual byte[] Make(Random random, byte[] seed, byte[] other) => Damage(random, seed, other);

    /// <summary>A damaged copy.</summary>
    protected byte[] Damage(Random random, ReadOnlySpan<byte> seed, ReadOnlySpan<byte> other)
    {
        if (_room.Length < seed.Length + 128) _room = new byte[seed.Length + 128];
        var length = new PayloadMutator(random.Next()).Mutate(seed, other, _room.AsSpan(0, seed.Length + 128));
        return _room[..length];
    }
}

/// <summary>Something came of an input that must not, though no exception says so.</summary>
internal sealed class FuzzFindException(string message, Exception? inner = null) : Exception(message, inner);
