using System.Net;
using System.Net.Sockets;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Support;

namespace MailCluster.Actors.Tests.Outbound;

public class HostOrderTests
{
    private static readonly IPAddress _four = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress _six = IPAddress.Parse("2001:db8::1");

    [Fact]
    public void Lower_preferences_come_first_and_equal_ones_in_every_order()
    {
        var orders = new HashSet<string>();
        for (var seed = 0; seed < 200; seed++)
        {
            orders.Add(string.Join(',', Names(new HostCursor([Host("c", 20), Host("a", 10), Host("b", 10), Host("d", 30)], new Random(seed)))));
        }
        Assert.Equal(["a,b,c,d", "b,a,c,d"], orders.Order());
    }

    [Fact]
    public void Addresses_take_turns_between_the_families_six_first()
    {
        var cursor = new HostCursor([new("a", 1, [_four, IPAddress.Parse("192.0.2.2"), _six], 25)], new Random(1));
        Assert.Equal(["2001:db8::1", "192.0.2.1", "192.0.2.2"], cursor.Addresses.Select(a => a.ToString()));
    }

    [Fact]
    public void A_host_is_given_up_with_its_last_address()
    {
        var cursor = new HostCursor([new("a", 1, [_four, _six], 25), Host("b", 2)], new Random(1));
        Assert.True(cursor.HasFurtherHost);
        cursor.LeaveAddress(_six);
        Assert.Equal("a", cursor.Host?.Name);
        cursor.LeaveAddress(_four);
        Assert.Equal("b", cursor.Host?.Name);
        Assert.False(cursor.HasFurtherHost);
        cursor.LeaveHost();
        Assert.Null(cursor.Host);
    }

    [Fact]
    public async Task The_next_address_does_not_wait_for_a_silent_one()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        // An address of a private network that nobody answers for: silent, or unreachable at once; both must lead on.
        IPAddress[] addresses = [IPAddress.Parse("10.255.255.1"), IPAddress.Loopback];
        var time = new ManualTime();
        var race = AddressRace.ConnectAsync(addresses, ((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromSeconds(30), time, TestContext.Current.CancellationToken);
        time.Advance(AddressRace.Delay);
        using var socket = await race.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task A_race_that_nobody_wins_ends_with_the_reason()
    {
        var refused = await Assert.ThrowsAsync<SocketException>(() => AddressRace.ConnectAsync(
            [IPAddress.Loopback, IPAddress.Loopback], MailCluster.Tests.Support.ScriptedServer.ClosedPort(), TimeSpan.FromSeconds(5), TimeProvider.System, TestContext.Current.CancellationToken));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task Signals_that_come_before_the_wait_are_not_lost_and_those_that_come_together_are_one()
    {
        var wake = new Wake();
        wake.Signal();
        wake.Signal();
        await wake.WaitAsync();
        var wait = wake.WaitAsync();
        Assert.False(wait.IsCompleted);
        wake.Signal();
        await wait;
    }

    [Fact]
    public async Task No_signal_between_threads_is_lost()
    {
        var wake = new Wake();
        var sent = 0;
        var sender = Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                Interlocked.Increment(ref sent);
                wake.Signal();
            }
        });
        while (Volatile.Read(ref sent) < 100_000)
        {
            await wake.WaitAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        }
        await sender;
    }

    private static RouteHost Host(string name, int preference) => new(name, preference, [_four], 25);

    private static IEnumerable<string> Names(HostCursor cursor)
    {
        for (; cursor.Host is { } host; cursor.LeaveHost())
        {
            yield return host.Name;
        }
    }
}
