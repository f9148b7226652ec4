using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailCluster.Protocol.Handover;

/// <summary>What a donor writes.</summary>
public static class HandoverLines
{
    /// <summary><c>EHLO</c>.</summary>
    public static void Ehlo(IBufferWriter<byte> output, string hostname) => Write(output, $"EHLO {hostname}\r\n");

    /// <summary><c>XTICKET</c>.</summary>
    public static void Ticket(IBufferWriter<byte> output, string ticket, ulong donor) => Write(output, $"XTICKET {ticket} {donor:x16}\r\n");

    /// <summary><c>MAIL</c>.</summary>
    public static void Mail(IBufferWriter<byte> output, in HandedMessage message) => Write(output,
        $"MAIL FROM:<> SIZE={message.ContentSize} XQUEUEID={message.Id} XMARK={message.Mark} XSTATE={message.StateSize}\r\n");

    /// <summary><c>BDAT</c>, before its octets.</summary>
    public static void Chunk(IBufferWriter<byte> output, long size, bool last) => Write(output, $"BDAT {size}{(last ? " LAST" : "")}\r\n");

    /// <summary><c>XHAD</c>.</summary>
    public static void Had(IBufferWriter<byte> output, string id, int mark) => Write(output, $"XHAD {id} {mark}\r\n");

    /// <summary><c>XFORGET</c>.</summary>
    public static void Forget(IBufferWriter<byte> output) => output.Write("XFORGET\r\n"u8);

    /// <summary><c>QUIT</c>.</summary>
    public static void Quit(IBufferWriter<byte> output) => output.Write("QUIT\r\n"u8);

    private static void Write(IBufferWriter<byte> output, FormattableString line) => output.Write(Encoding.ASCII.GetBytes(line.ToString(CultureInfo.InvariantCulture)));
}
