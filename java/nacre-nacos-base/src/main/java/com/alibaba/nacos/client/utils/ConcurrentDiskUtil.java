package com.alibaba.nacos.client.utils;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.file.StandardOpenOption;

/** Reads and writes files that several processes share, under a lock of the file. */
public class ConcurrentDiskUtil {
    private static final int BUFFER = 8192;

    /** Makes a useless instance; the original allows it. */
    public ConcurrentDiskUtil() {}

    /**
     * Reads a file.
     *
     * @param path its path
     * @param charsetName name of the charset
     * @return its content, null when it does not exist
     * @throws IOException when it cannot be read
     */
    public static String getFileContent(String path, String charsetName) throws IOException {
        return getFileContent(new File(path), charsetName);
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @param charsetName name of the charset
     * @return its content
     * @throws IOException when it cannot be read
     */
    public static String getFileContent(File file, String charsetName) throws IOException {
        try (FileChannel channel = FileChannel.open(file.toPath(), StandardOpenOption.READ);
                FileLock lock = channel.lock(0, Long.MAX_VALUE, true)) {
            ByteBuffer content = ByteBuffer.allocate((int) Math.max(BUFFER, channel.size() + 1));
            while (channel.read(content) >= 0) {
                if (!content.hasRemaining()) {
                    ByteBuffer larger = ByteBuffer.allocate(content.capacity() * 2);
                    content.flip();
                    larger.put(content);
                    content = larger;
                }
            }
            content.flip();
            return lock.isValid() ? byteBufferToString(content, charsetName) : null;
        }
    }

    /**
     * Writes a file.
     *
     * @param path its path
     * @param content its content
     * @param charsetName name of the charset
     * @return true
     * @throws IOException when it cannot be written
     */
    public static Boolean writeFileContent(String path, String content, String charsetName) throws IOException {
        return writeFileContent(new File(path), content, charsetName);
    }

    /**
     * Writes a file, which is made if there is none.
     *
     * @param file the file
     * @param content its content
     * @param charsetName name of the charset
     * @return whether it was written
     * @throws IOException when it cannot be written
     */
    public static Boolean writeFileContent(File file, String content, String charsetName) throws IOException {
        try (FileChannel channel =
                        FileChannel.open(file.toPath(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(Charset.forName(charsetName)));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.truncate(bytes.limit());
            return lock.isValid();
        }
    }

    /**
     * Text of bytes.
     *
     * @param buffer the bytes
     * @param charsetName name of the charset
     * @return the text
     * @throws IOException when the bytes are no text of that charset
     */
    public static String byteBufferToString(ByteBuffer buffer, String charsetName) throws IOException {
        try {
            return Charset.forName(charsetName).newDecoder().decode(buffer).toString();
        } catch (CharacterCodingException e) {
            throw new IOException("content is not " + charsetName, e);
        }
    }
}
