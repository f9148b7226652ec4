using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Protocol.Content;

/// <summary>The trace field that is put before a message's content (RFC 5321 section 4.4). Always ASCII, whatever the client called itself.</summary>
public static class ReceivedField
{
    /// <summary>Longer names are cut: a name that DNS knows has at most 255 octets.</summary>
    private const int MaxName = 255;

    // Fixed text and date 100, three names, queue id, recipient.
    private const int MaxLength = 1280;

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]");

    /// <summary>Writes the field, folded, CRLF at its end.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="client">What the client said in EHLO or HELO. It is a claim: octets that no name has become <c>?</c>, so that it can neither end the line nor a comment.</param>
    /// <param name="address">Where it really is.</param>
    /// <param name="host">Our name.</param>
    /// <param name="protocol">As registered for <c>with</c>: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA (RFC 3848), UTF8SMTP and its kin (RFC 6531).</param>
    /// <param name="queueId">The message's name.</param>
    /// <param name="recipient">The forward-path where the message has only one; null otherwise: the others are nobody's business (RFC 5321 section 7.2). Left out where it is not ASCII.</param>
    /// <param name="at">When; written in UTC.</param>
    public static void Write(IBufferWriter<byte> output, string client, IPAddress address, string host, string protocol, string queueId, string? recipient, DateTimeOffset at)
    {
        Span<byte> field = stackalloc byte[MaxLength];
        var length = 0;
        Append(field, ref length, "Received: from "u8);
        AppendName(field, ref length, client);
        Append(field, ref length, " (["u8);
        AppendAddress(field, ref length, address);
        Append(field, ref length, "])\r\n\tby "u8);
        AppendName(field, ref length, host);
        Append(field, ref length, " with "u8);
        AppendAscii(field, ref length, protocol);
        Append(field, ref length, " id "u8);
        AppendAscii(field, ref length, queueId);
        if (recipient is { Length: > 0 and <= 320 } && IsPrintableAscii(recipient))
        {
            Append(field, ref length, "\r\n\tfor <"u8);
            AppendAscii(field, ref length, recipient);
            Append(field, ref length, ">"u8);
        }
        Append(field, ref length, ";\r\n\t"u8);
        at.UtcDateTime.TryFormat(field[length..], out var date, "ddd, dd MMM yyyy HH':'mm':'ss", CultureInfo.InvariantCulture);
        length += date;
        Append(field, ref length, " +0000\r\n"u8);
        output.Write(field[..length]);
    }

    /// <summary>The address as a literal's inside: <c>192.0.2.1</c> or <c>IPv6:2001:db8::1</c>. An IPv4 address in IPv6 clothes is an IPv4 address.</summary>
    private static void AppendAddress(Span<byte> field, ref int length, IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        else if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Append(field, ref length, "IPv6:"u8);
        }
        address.TryFormat(field[length..], out var written);
        // A zone (fe80::1%2) is ours alone and no part of a literal.
        var zone = field.Slice(length, written).IndexOf((byte)'%');
        length += zone >= 0 ? zone : written;
    }

    private static void AppendName(Span<byte> field, ref int length, string name)
    {
        var text = name.AsSpan(0, Math.Min(name.Length, MaxName));
        if (text.IsEmpty)
        {
            text = "unknown";
        }
        if (!text.ContainsAnyExcept(s_nameCharacters))
        {
            length += Encoding.ASCII.GetBytes(text, field[length..]);
            return;
        }
        foreach (var c in text)
        {
            field[length++] = s_nameCharacters.Contains(c) ? (byte)c : (byte)'?';
        }
    }

    private static bool IsPrintableAscii(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static void AppendAscii(Span<byte> field, ref int length, string text) => length += Encoding.ASCII.GetBytes(text, field[length..]);

    private static void Append(Span<byte> field, ref int length, ReadOnlySpan<byte> text)
    {
        text.CopyTo(field[length..]);
        length += text.Length;
    }
}
