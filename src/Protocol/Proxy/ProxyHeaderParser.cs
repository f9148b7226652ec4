using System.Buffers;

namespace MailCluster.Protocol.Proxy;

/// <summary>
/// Takes the PROXY header off the head of a connection, in version 1 (text) or 2 (binary), told apart by the first octet. Never throws, keeps no state between
/// calls, and decides as early as the octets allow: who speaks another protocol is known by its first octets. How they were cut makes no difference.
/// </summary>
/// <remarks>"The PROXY protocol", versions 1 and 2, as published by haproxy.org; sections named in this folder are its sections.</remarks>
public static partial class ProxyHeaderParser
{
    /// <summary>
    /// Octets of a header at most. Its length field allows 65,551; nobody sends so many. This is HAProxy's own default buffer, out of which it must send
    /// the header at once; 536 would be enough for all but certificates in vectors.
    /// </summary>
    public const int MaxLength = 16 << 10;

    /// <summary>Looks at the head of <paramref name="input"/>.</summary>
    /// <param name="input">What was received and not consumed.</param>
    /// <param name="header">Of <see cref="ProxyHeaderStatus.Complete"/>; null otherwise.</param>
    /// <param name="fault">Of <see cref="ProxyHeaderStatus.Invalid"/>.</param>
    /// <param name="consumed">Up to here the input is done with: what follows a whole header is the client's.</param>
    /// <param name="examined">Up to here the input was looked at: nothing can be said before more has come.</param>
    public static ProxyHeaderStatus Read(
        in ReadOnlySequence<byte> input, out ProxyHeader? header, out ProxyHeaderFault fault, out SequencePosition consumed, out SequencePosition examined)
    {
        (header, fault) = (null, ProxyHeaderFault.None);
        var length = FirstOctet(input) switch
        {
            -1 => 0,
            'P' => ReadText(input, out header, out fault),
            '\r' => ReadBinary(input, out header, out fault),
            _ => Not(out fault, ProxyHeaderFault.NoSignature),
        };
        var status = fault != ProxyHeaderFault.None ? ProxyHeaderStatus.Invalid : length > 0 ? ProxyHeaderStatus.Complete : ProxyHeaderStatus.Incomplete;
        consumed = input.GetPosition(length);
        examined = status == ProxyHeaderStatus.Incomplete ? input.End : consumed;
        return status;
    }

    private static int FirstOctet(in ReadOnlySequence<byte> input)
    {
        foreach (var memory in input)
        {
            if (!memory.IsEmpty)
            {
                return memory.Span[0];
            }
        }
        return -1;
    }

    /// <summary>Copies the head of the input, as much of it as is there and fits.</summary>
    private static Span<byte> Head(in ReadOnlySequence<byte> input, Span<byte> room)
    {
        var head = input.Slice(0, Math.Min(input.Length, room.Length));
        head.CopyTo(room);
        return room[..(int)head.Length];
    }

    /// <summary>True where what is there of <paramref name="text"/> is a beginning of <paramref name="signature"/>, or goes on behind it.</summary>
    private static bool Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        var common = Math.Min(text.Length, signature.Length);
        return text[..common].SequenceEqual(signature[..common]);
    }

    private static int Not(out ProxyHeaderFault fault, ProxyHeaderFault reason)
    {
        fault = reason;
        return 0;
    }
}
