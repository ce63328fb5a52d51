using System.Security.Cryptography;
using System.Text;

namespace SplitInfer.Client.Policies.State;

/// <summary>What saved state belongs to. It is of no use anywhere else.</summary>
/// <param name="Model">The model.</param>
/// <param name="Arms">What the policy chooses among.</param>
/// <param name="Server">What people call the server, such as its address.</param>
internal sealed record PolicyStateKey(Fingerprint Model, Fingerprint Arms, Fingerprint Server)
{
    public static PolicyStateKey Of(Fingerprint model, IEnumerable<ArmProfile> arms, string server)
    {
        var text = new StringBuilder();
        foreach (var profile in arms) text.Append(profile.Arm.Partition.Index).Append(' ').Append(profile.Arm.Codec).Append('\n');
        return new(model, Digest(text.ToString()), Digest(server));
    }

    private static Fingerprint Digest(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
