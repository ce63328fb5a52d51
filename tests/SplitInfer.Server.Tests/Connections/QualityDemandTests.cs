using SplitInfer.Server.Connections;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>On whose behalf requests are sent, by what their headers and their machine say.</summary>
public class QualityDemandTests
{
    // Those whose names are told apart, and all others of the machine.
    private const int MostUsers = 64 + 1;

    private readonly ClientMachines _machines = new(new(100, 100, 16, 16, 1 << 20, 1 << 20, new(), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)), new(1 << 20), TimeProvider.System);

    [Fact]
    public void A_machine_has_as_many_users_over_all_its_connections_as_over_one()
    {
        var users = new HashSet<string>();
        // Some end before the next begin, so that the machine goes and comes back.
        for (var connection = 0; connection < 40; connection++)
        {
            var machine = _machines.Enter("10.0.0.1");
            for (var user = 0; user < 20; user++) users.Add(UserOf(machine, $"user {connection}.{user}"));
            if (connection % 8 < 6) _machines.Leave(machine);
        }

        Assert.InRange(users.Count, 2, MostUsers);
    }

    [Fact]
    public void A_user_is_one_over_all_connections_of_a_machine_and_another_one_at_another_machine()
    {
        var (first, second, other) = (_machines.Enter("10.0.0.1"), _machines.Enter("10.0.0.1"), _machines.Enter("10.0.0.2"));
        var user = UserOf(first, "camera 7");
        Assert.Equal(user, UserOf(second, "camera 7"));
        Assert.Equal(4, new[] { user, UserOf(second, "camera 8"), UserOf(first, ""), UserOf(other, "camera 7") }.Distinct().Count());
    }

    private static string UserOf(ClientMachine machine, string name) => machine.Quality.NeedsOf(new() { User = name, MinQuality = 0.5f }, deadline: null).User;
}
