namespace SplitInfer.Fuzzing.Wire;

/// <summary>A target whose inputs are frames.</summary>
internal abstract class ScriptTarget : FuzzTarget
{
    protected override byte[] Make(Random random, byte[] seed, byte[] other) => random.Next(8) == 0
        ? Damage(random, seed, other)
        : FrameScript.Damage(random, FrameScript.Split(seed), FrameScript.Split(other), (r, bytes) => Damage(r, bytes, other));
}
