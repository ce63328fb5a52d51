using SplitInfer.Emulation;

namespace SplitInfer.IntegrationTests.Emulation;

/// <summary>When a policy has settled.</summary>
public sealed class SettlingTests
{
    [Fact]
    public void A_policy_that_always_chooses_the_same_settles_at_once() => Assert.Equal(20, RequestsOf(new(), static _ => 3));

    [Fact]
    public void A_policy_that_changes_its_mind_settles_once_it_brings_nothing_new() => Assert.Equal(31, RequestsOf(new(), static request => request < 30 ? request / 10 : 2));

    [Fact]
    public void Two_partitions_in_turns_are_settled() => Assert.Equal(20, RequestsOf(new(), static request => request % 2));

    [Fact]
    public void Exploring_is_no_choice()
    {
        var settling = new Settling();
        for (var request = 0; !settling.IsOver; request++) settling.Add(request % 5 == 0 ? request : 3, explores: request % 5 == 0);
        Assert.Equal(25, settling.Requests);
    }

    [Fact]
    public void A_policy_that_never_settles_is_given_up() => Assert.Equal(60, RequestsOf(new(maxRequests: 60), static request => request));

    [Fact]
    public void What_is_over_stays_so()
    {
        var settling = new Settling(maxRequests: 1);
        settling.Add(1, explores: false);
        Assert.True(settling.Add(2, explores: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Settling(0));
    }

    private static int RequestsOf(Settling settling, Func<int, int> choose)
    {
        while (!settling.Add(choose(settling.Requests), explores: false)) { }
        return settling.Requests;
    }
}
