using System.Buffers;
using System.Buffers.Text;
using System.Text;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;

namespace MailCluster.Protocol.Client;

/// <summary>Writes the client's command lines, CRLF included. Parameters that the peer did not offer are left out (RFC 3461 section 4, RFC 1870 section 6.1).</summary>
public static class ClientCommands
{
    /// <summary>True where an address can stand in a command line: no control character could end it early.</summary>
    public static bool IsSafe(string address) => address.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && !address.Contains('\x7f', StringComparison.Ordinal);

    /// <summary>EHLO or HELO with our name.</summary>
    public static void WriteHello(IBufferWriter<byte> output, ReadOnlySpan<byte> verb, string name)
    {
        output.Write(verb);
        output.Write(" "u8);
        WriteText(output, name);
        output.Write("\r\n"u8);
    }

    /// <summary>MAIL.</summary>
    public static void WriteMail(IBufferWriter<byte> output, ReversePath reversePath, MailParameters parameters, Extensions offered, in HandOver handOver, long size)
    {
        output.Write("MAIL FROM:<"u8);
        WriteText(output, reversePath.Address ?? "");
        output.Write(">"u8);
        if (offered.Size)
        {
            output.Write(" SIZE="u8);
            WriteNumber(output, size);
        }
        if (handOver.EightBit)
        {
            output.Write(" BODY=8BITMIME"u8);
        }
        if (handOver.SmtpUtf8)
        {
            output.Write(" SMTPUTF8"u8);
        }
        if (offered.Dsn)
        {
            output.Write(parameters.Return switch { ReturnContent.Full => " RET=FULL"u8, ReturnContent.Headers => " RET=HDRS"u8, _ => default });
            if (parameters.EnvelopeId is { } id)
            {
                output.Write(" ENVID="u8);
                WriteText(output, Xtext.Encode(id));
            }
        }
        output.Write("\r\n"u8);
    }

    /// <summary>RCPT.</summary>
    public static void WriteRcpt(IBufferWriter<byte> output, ForwardPath forwardPath, RcptParameters parameters, Extensions offered)
    {
        output.Write("RCPT TO:<"u8);
        WriteText(output, forwardPath.Address);
        output.Write(">"u8);
        if (offered.Dsn)
        {
            WriteNotify(output, parameters.Notify);
            if (parameters.OriginalRecipient is { } original && OriginalRecipient.Format(original) is { } value)
            {
                output.Write(" ORCPT="u8);
                WriteText(output, value);
            }
        }
        output.Write("\r\n"u8);
    }

    /// <summary>BDAT with the one and last chunk.</summary>
    public static void WriteBdat(IBufferWriter<byte> output, long size)
    {
        output.Write("BDAT "u8);
        WriteNumber(output, size);
        output.Write(" LAST\r\n"u8);
    }

    private static void WriteNotify(IBufferWriter<byte> output, Notify notify)
    {
        if (notify == Notify.Unspecified)
        {
            return;
        }
        output.Write(" NOTIFY="u8);
        if ((notify & Notify.Never) != 0)
        {
            output.Write("NEVER"u8);
            return;
        }
        var isFirst = true;
        foreach (var kind in (ReadOnlySpan<Notify>)[Notify.Success, Notify.Failure, Notify.Delay])
        {
            if ((notify & kind) != 0)
            {
                output.Write(isFirst ? default : ","u8);
                output.Write(kind switch { Notify.Success => "SUCCESS"u8, Notify.Failure => "FAILURE"u8, _ => "DELAY"u8 });
                isFirst = false;
            }
        }
    }

    private static void WriteText(IBufferWriter<byte> output, string text)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }

    private static void WriteNumber(IBufferWriter<byte> output, long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var written);
        output.Advance(written);
    }
}
