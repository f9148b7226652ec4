using System.Net;
using System.Net.Sockets;

namespace MailCluster.Actors.Delivery;

/// <summary>Which addresses mail may be sent to when the world names them.</summary>
internal static class AddressExtensions
{
    /// <summary>The scope of a link-local address; 0 for all others.</summary>
    public static long ScopeIdOrZero(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;

    /// <summary>True for what leads back to this machine or nowhere, in any spelling: 127.0.0.0/8, 0.0.0.0/8, ::1, ::, the same mapped into IPv6, and what is no host at all: multicast, broadcast.</summary>
    public static bool IsLoopbackOrNowhere(this IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        _ = address.TryWriteBytes(octets, out var length);
        if (length == 16)
        {
            // ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2) and the older ::a.b.c.d, with :: and ::1 among them.
            var head = octets[..12];
            if (head[..10].ContainsAnyExcept((byte)0) || !(head[10..] is [0, 0] or [0xff, 0xff]))
            {
                return octets[0] == 0xff;
            }

            if (head[10] == 0 && octets[12] == 0)
            {
                return true;
            }

            octets = octets[12..];
        }

        return octets[0] is 0 or 127 or >= 224;
    }
}
