using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Security;

/// <summary>Clients that are known by keys.</summary>
public sealed class KeyTests
{
    private const string First = "first-key-abcdefghijklmnop", Second = "second-key-abcdefghijklmnop", Wrong = "wrong-key-abcdefghijklmnop";

    [Theory]
    [InlineData(null, "the client has none")]
    [InlineData(Wrong, "does not know the client's key")]
    [InlineData("first-key-abcdefghijklmno", "does not know the client's key")]
    public async Task A_missing_or_wrong_key_is_refused_in_words(string? key, string expected)
    {
        await using var server = Start($"phone {First}");
        await using var transport = server.Transport(client => client.Key = key);
        var refused = await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.Equal(RefusalCode.Unauthorized, refused.Code);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1u)]
    [InlineData(Wrong, 1u)]
    [InlineData(First, 0u)]
    public async Task Who_has_shown_no_key_is_told_nothing_of_the_load(string key, uint refusedVersionOffset)
    {
        await using var server = Start($"phone {First}");
        foreach (var offset in new[] { 0u, refusedVersionOffset })
        {
            using var stream = new System.Net.Security.SslStream(await server.ConnectRawAsync());
            await stream.AuthenticateAsClientAsync(server.OtherClient());
            using var peer = new WirePeer(stream);
            var version = ProtocolVersion.Newest + offset;
            await peer.SendAsync(FrameType.Hello, 0, new Hello { MinVersion = version, MaxVersion = version, Codecs = { "Raw" }, Key = key });
            if (key == First)
            {
                Assert.NotNull((await peer.ReceiveAsync(FrameType.Welcome)).Read(Welcome.Parser).Load);
                continue;
            }

            var error = (await peer.ReceiveAsync(FrameType.Error)).Read(ErrorHeader.Parser);
            Assert.Equal(offset == 0 ? RefusalCode.Unauthorized : RefusalCode.VersionMismatch, (RefusalCode)error.Code);
            Assert.Null(error.Load);
        }
    }

    [Fact]
    public async Task Several_keys_comments_and_hashes_are_read()
    {
        await using var server = Start($"# the fleet\n\n  phone\t{First}  \r\nphone {Second}\ncar sha256:{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Wrong)))}\n");
        foreach (var key in new[] { First, Second, Wrong }) await server.ExchangeAsync(client => client.Key = key);
    }

    [LinuxFact]
    public void A_device_in_place_of_the_file_is_refused_and_never_read_without_end()
    {
        var error = Assert.Throws<SecurityFileException>(() => new SecureServer((security, server) =>
        {
            File.CreateSymbolicLink(server.Folder["zero"], "/dev/zero");
            security.KeysFile = server.Folder["zero"];
        }));
        Assert.Contains("no plain file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("# none yet", "no key in it")]
    [InlineData("phone", "line 1 is not a name and a key")]
    [InlineData("phone " + First + " extra", "line 1 is not a name and a key")]
    [InlineData("# a\nph\u00f6ne " + First, "the name in line 2")]
    [InlineData("phone short", "the key in line 1 has fewer than 16 characters")]
    [InlineData("phone sha256:00ff", "the hash in line 1")]
    [InlineData("phone sha256:zz00000000000000000000000000000000000000000000000000000000000000", "the hash in line 1")]
    public void A_file_that_is_not_of_the_format_keeps_a_server_from_starting_and_the_message_has_no_key(string content, string expected)
    {
        var error = Assert.Throws<SecurityFileException>(() => Start(content));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(First, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_a_key_is_replaced_both_are_valid_and_a_client_takes_up_the_new_one_when_it_connects()
    {
        var time = new FakeTimeProvider();
        await using var server = Start($"phone {First}", time: time);
        var own = server.Folder["own"];
        await File.WriteAllTextAsync(own, $"{First}\n");
        await using var transport = server.Transport(client => client.KeyFile = own);
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport);
        await ReplaceAsync(server, $"phone {First}\nphone {Second}", time);
        await server.ExchangeAsync(client => client.Key = Second);
        await new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(transport);
        await File.WriteAllTextAsync(own, $"{Second}\n");
        await ReplaceAsync(server, $"phone {Second}", time);
        await server.Log.FirstAsync("KeyRemoved");
        await MoveAsync(transport, seed: 3);
        await using var late = server.Transport(client => client.Key = First);
        Assert.Equal(RefusalCode.Unauthorized, (await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 4).MakeAsync(late))).Code);
    }

    [Fact]
    public async Task A_connection_whose_key_is_removed_finishes_what_is_in_flight_and_others_go_on()
    {
        var time = new FakeTimeProvider();
        await using var server = Start($"phone {First}\ncar {Second}", time: time);
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var phone = server.Transport(client => client.Key = First);
        await using var car = server.Transport(client => client.Key = Second);
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(car);
        server.Model.OnRun = _ =>
        {
            begun.TrySetResult();
            return release.Task;
        };
        var inFlight = new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(phone);
        await begun.Task;
        await ReplaceAsync(server, $"car {Second}", time: null);
        Assert.Empty(server.Log.Of("KeyRemoved"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("(key phone)", await server.Log.FirstAsync("KeyRemoved"), StringComparison.Ordinal);
        release.SetResult();
        await inFlight;
        await new Exchange(WirePlan.Fixed, seed: 3).MakeAsync(car);
        Assert.Equal(RefusalCode.Unauthorized, (await Assert.ThrowsAsync<TailRefusedException>(() => MoveAsync(phone, seed: 4))).Code);
        Assert.Single(server.Log.Of("KeyRemoved"));
    }

    [Fact]
    public async Task A_file_that_has_become_useless_changes_nothing_and_is_logged()
    {
        var time = new FakeTimeProvider();
        await using var server = Start($"phone {First}", time: time);
        foreach (var broken in new[] { "", $"phone {First} and more" })
        {
            await ReplaceAsync(server, broken, time);
            await server.ExchangeAsync(static client => client.Key = First);
        }

        File.Delete(server.Folder["keys"]);
        time.Advance(TimeSpan.FromSeconds(1));
        await server.ExchangeAsync(static client => client.Key = First);
        Assert.Equal(3, server.Log.Of("RenewalFailed").Length);
        await ReplaceAsync(server, $"phone {Second}", time);
        await server.ExchangeAsync(static client => client.Key = Second);
        Assert.Contains("there are 1", Assert.Single(server.Log.Of("KeysRenewed")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_of_keys_is_asked_for_each_connection_and_what_it_fails_with_is_the_server_s()
    {
        await using var server = Start($"phone {First}");
        var asked = 0;
        await server.ExchangeAsync(client => client.KeySource = _ =>
        {
            asked++;
            return new(First);
        });
        Assert.Equal(1, asked);
        Assert.Contains("the store is closed", await server.RefusalAsync(static client => client.KeySource = static _ => throw new InvalidOperationException("the store is closed")), StringComparison.Ordinal);
        Assert.Contains("must have the key", await server.RefusalAsync(client => client.KeyFile = server.Folder["none"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_of_keys_that_never_answers_is_given_up_and_is_not_taken_for_a_silent_server(bool blocksItsThread)
    {
        using var end = new ManualResetEventSlim();
        var never = new TaskCompletionSource<string>();
        var access = new ClientSecurityOptions
        {
            KeySource = _ =>
            {
                if (blocksItsThread) end.Wait(CancellationToken.None);
                return new(never.Task);
            },
        }.Snapshot();
        using var limit = new CancellationTokenSource();
        var asking = access.KeyAsync(new(), limit.Token).AsTask();
        await limit.CancelAsync();
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => asking);
        Assert.Contains("KeySource did not answer", error.Message, StringComparison.Ordinal);
        end.Set();
        never.SetCanceled(CancellationToken.None);
    }

    [Fact]
    public void A_key_is_not_sent_in_clear_to_another_machine_unless_told_so_in_words()
    {
        var options = new TransportOptions { Security = { Key = First } };
        var error = Assert.Throws<EndpointException>(() => new ServerProbe(new("tcp://192.0.2.1:7070"), options));
        Assert.Contains("unencrypted", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(First, error.Message, StringComparison.Ordinal);
        foreach (var address in new[] { "tcp://127.0.0.1:7070", "tls://192.0.2.1:7070", "unix:///run/splitinfer.sock" }) _ = new ServerProbe(new(address), options);
        options.Security.AllowInsecure = true;
        _ = new ServerProbe(new("tcp://192.0.2.1:7070"), options);
    }

    [Fact]
    public async Task The_connections_of_one_name_are_bounded_and_more_are_told_when_to_come_back()
    {
        await using var server = Start($"phone {First}\nphone {Second}\ncar {Wrong}", new() { MaxConnectionsPerKey = 2 });
        await using var one = server.Transport(static client => client.Key = First);
        await using var two = server.Transport(static client => client.Key = Second);
        foreach (var transport in new[] { one, two }) await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport);
        await using var three = server.Transport(static client => client.Key = First);
        var refused = await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(three));
        Assert.Equal((RefusalCode.Busy, TimeSpan.FromSeconds(1)), (refused.Code, refused.RetryAfter));
        await server.ExchangeAsync(static client => client.Key = Wrong);
        await one.DisposeAsync();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(three);
                return;
            }
            catch (TailRefusedException busy) when (busy.Code == RefusalCode.Busy && attempt < 1500)
            {
                // The server has not seen yet that the first one has gone.
                await Task.Delay(20);
            }
        }
    }

    [Fact]
    public async Task The_requests_in_flight_of_one_name_are_bounded_over_its_connections()
    {
        await using var server = Start($"phone {First}\ncar {Second}", new() { MaxInFlightPerKey = 1, MaxConcurrentRuns = 4 });
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Model.OnRun = _ =>
        {
            begun.TrySetResult();
            return release.Task;
        };
        await using var one = server.Transport(static client => client.Key = First);
        await using var two = server.Transport(static client => client.Key = First);
        var inFlight = new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(one);
        await begun.Task;
        Assert.Equal(RefusalCode.Busy, (await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(two))).Code);
        server.Model.OnRun = static _ => Task.CompletedTask;
        await server.ExchangeAsync(static client => client.Key = Second);
        release.SetResult();
        await inFlight;
        // The place is free by the time that the answer is there, every time.
        for (var seed = 0; seed < 200; seed++) await new Exchange(WirePlan.Fixed, seed).MakeAsync(seed % 2 == 0 ? one : two);
    }

    [Fact]
    public async Task The_requests_a_second_of_one_name_are_bounded_and_to_connect_anew_gains_nothing()
    {
        const int Burst = 1;
        await using var server = Start($"phone {First}\ncar {Second}", new() { MaxRequestsPerSecondPerKey = 0.001 });
        for (var request = 0; request < Burst; request++) await server.ExchangeAsync(static client => client.Key = First);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await using var transport = server.Transport(static client => client.Key = First);
            var refused = await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
            Assert.Equal(RefusalCode.Busy, refused.Code);
            Assert.InRange(refused.RetryAfter!.Value.TotalSeconds, 1, 1000);
        }

        await server.ExchangeAsync(static client => client.Key = Second);
    }

    [Fact]
    public async Task No_log_and_no_message_ever_has_a_key()
    {
        var heard = new StringBuilder();
        var time = new FakeTimeProvider();
        await using var server = Start($"phone {First}", new() { MaxConnectionsPerKey = 1 }, time: time);
        await using var phone = server.Transport(static client => client.Key = First);
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(phone);
        await HearAsync(First);
        await HearAsync(Wrong);
        await HearAsync(Wrong + '\n' + Second);
        await HearAsync(new string('x', FrameHeader.MaxHeaderLength) + Second);
        await ReplaceAsync(server, $"phone {First} {Second}", time);
        await HearAsync(Second);
        await ReplaceAsync(server, $"{Second} {First}\n{First}", time);
        await HearAsync(Second);
        await ReplaceAsync(server, $"car {Wrong}", time);
        await server.Log.FirstAsync("KeyRemoved");
        heard.Append(server.Log.All);
        foreach (var key in new[] { First, Second, Wrong }) Assert.DoesNotContain(key, heard.ToString(), StringComparison.Ordinal);
        Assert.Contains("Unauthorized", heard.ToString(), StringComparison.Ordinal);
        Assert.Contains("(key phone)", heard.ToString(), StringComparison.Ordinal);

        async Task HearAsync(string key)
        {
            await using var transport = server.Transport(client => client.Key = key);
            var error = await Assert.ThrowsAnyAsync<SplitInferException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
            heard.Append(CultureInfo.InvariantCulture, $"{(error as TailRefusedException)?.Code} {error}\n");
        }
    }

    private static SecureServer Start(string keys, ServerLimits? limits = null, TimeProvider? time = null) => new((security, server) =>
    {
        security.KeysFile = server.Folder["keys"];
        File.WriteAllText(security.KeysFile, keys);
    }, limits, time);

    /// <summary>Makes an exchange on a connection that the server has just told to end, or anew where it was refused there.</summary>
    private static async Task MoveAsync(RemoteTailTransport transport, int seed)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await new Exchange(WirePlan.Fixed, seed).MakeAsync(transport);
                return;
            }
            catch (TailRefusedException leaving) when (leaving.Code == RefusalCode.ShuttingDown && attempt < 1500)
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>Puts another file in the place of the keys, as is right for files that are watched, and lets the server look at it.</summary>
    private static async Task ReplaceAsync(SecureServer server, string keys, FakeTimeProvider? time)
    {
        await File.WriteAllTextAsync(server.Folder["keys.new"], keys);
        File.Move(server.Folder["keys.new"], server.Folder["keys"], overwrite: true);
        time?.Advance(TimeSpan.FromSeconds(1));
    }
}
