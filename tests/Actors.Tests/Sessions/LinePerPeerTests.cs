using System.Net;
using MailCluster.Actors.Sessions;

namespace MailCluster.Actors.Tests.Sessions;

public class LinePerPeerTests
{
    private readonly MovedTime _time = new();

    [Fact]
    public void A_peer_has_a_line_in_ten_minutes_and_the_next_one_counts_what_was_left_out()
    {
        var lines = new LinePerPeer(_time);
        Assert.True(lines.Admits(IPAddress.Loopback, out var leftOut));
        Assert.Equal(0, leftOut);
        for (var second = 1; second < 600; second++)
        {
            _time.Move(TimeSpan.FromSeconds(1));
            Assert.False(lines.Admits(IPAddress.Loopback, out _));
        }
        Assert.True(lines.Admits(IPAddress.IPv6Loopback, out leftOut));
        Assert.Equal(0, leftOut);
        _time.Move(TimeSpan.FromSeconds(1));
        Assert.True(lines.Admits(IPAddress.Loopback, out leftOut));
        Assert.Equal(599, leftOut);
        _time.Move(TimeSpan.FromMinutes(10));
        Assert.True(lines.Admits(IPAddress.Loopback, out leftOut));
        Assert.Equal(0, leftOut);
    }

    [Fact]
    public void Of_a_hundred_thousand_peers_it_writes_a_thousand_lines_and_begins_anew_later()
    {
        var lines = new LinePerPeer(_time);
        Assert.Equal(1000, Enumerable.Range(0, 100_000).Count(i => lines.Admits(new IPAddress(i), out _)));
        _time.Move(TimeSpan.FromMinutes(10));
        Assert.Equal(1000, Enumerable.Range(0, 100_000).Count(i => lines.Admits(new IPAddress(i), out _)));
    }
}
