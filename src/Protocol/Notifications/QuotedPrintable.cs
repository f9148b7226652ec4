using System.Buffers;

namespace MailCluster.Protocol.Notifications;

/// <summary>
/// Quoted-printable (RFC 2045 section 6.7), exact for any octets: CRLF is a line's end and all else that is not plain, a bare CR or LF too, is encoded.
/// </summary>
internal static class QuotedPrintable
{
    private const int LineLength = 76;

    public static void Encode(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        var column = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            var octet = octets[i];
            if (octet == '\r' && i + 1 < octets.Length && octets[i + 1] == '\n')
            {
                output.Write("\r\n"u8);
                column = 0;
                i++;
                continue;
            }
            var endsLine = i + 1 == octets.Length || octets[i + 1] == '\r';
            // A dot that begins a line would be stuffed on the way; a blank that ends one may be lost there.
            var plain = octet is > (byte)' ' and < 0x7f and not (byte)'=' && !(octet == '.' && column == 0) || octet is (byte)' ' or (byte)'\t' && !endsLine;
            if (column + (plain ? 1 : 3) > LineLength - 1)
            {
                output.Write("=\r\n"u8);
                column = 0;
                plain &= octet != '.';
            }
            if (plain)
            {
                output.GetSpan(1)[0] = octet;
                output.Advance(1);
                column++;
            }
            else
            {
                var encoded = output.GetSpan(3);
                encoded[0] = (byte)'=';
                encoded[1] = (byte)"0123456789ABCDEF"[octet >> 4];
                encoded[2] = (byte)"0123456789ABCDEF"[octet & 15];
                output.Advance(3);
                column += 3;
            }
        }
    }
}
