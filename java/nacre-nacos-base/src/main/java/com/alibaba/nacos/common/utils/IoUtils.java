package com.alibaba.nacos.common.utils;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.io.StringWriter;
import java.io.Writer;
import java.net.HttpURLConnection;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.slf4j.LoggerFactory;

/** Input and output helpers that applications import from the original client. */
public class IoUtils {
    private static final int BUFFER = 4096;

    private IoUtils() {}

    /**
     * Unpacks a gzip stream.
     *
     * @param raw the packed stream, which is closed
     * @return the unpacked bytes
     * @throws IOException when it is no gzip stream or cannot be read
     */
    public static byte[] tryDecompress(InputStream raw) throws IOException {
        try (InputStream packed = raw;
                GZIPInputStream unpacked = new GZIPInputStream(packed)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            copy(unpacked, bytes);
            return bytes.toByteArray();
        }
    }

    /**
     * Unpacks bytes that may be packed with gzip.
     *
     * @param raw the bytes
     * @return the unpacked bytes; bytes that are not packed as they are
     * @throws Exception when they cannot be unpacked
     */
    public static byte[] tryDecompress(byte[] raw) throws Exception {
        return isGzipStream(raw) ? tryDecompress(new ByteArrayInputStream(raw)) : raw;
    }

    /**
     * Packs a text with gzip.
     *
     * @param str the text, may be null
     * @param encoding name of the charset, UTF-8 when null
     * @return the packed bytes, none for null or empty
     */
    public static byte[] tryCompress(String str, String encoding) {
        if (str == null || str.isEmpty()) {
            return new byte[0];
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream packed = new GZIPOutputStream(bytes)) {
            packed.write(str.getBytes(charset(encoding)));
        } catch (IOException e) {
            LoggerFactory.getLogger(IoUtils.class).error("text could not be packed", e);
        }
        return bytes.toByteArray();
    }

    private static Charset charset(String name) {
        return name == null ? StandardCharsets.UTF_8 : Charset.forName(name);
    }

    /**
     * Writes a text to a file, whose folder is made if needed.
     *
     * @param file the file
     * @param data the text
     * @param encoding name of the charset, UTF-8 when null
     * @throws IOException when the file cannot be written
     */
    public static void writeStringToFile(File file, String data, String encoding) throws IOException {
        File folder = file.getAbsoluteFile().getParentFile();
        if (folder != null) {
            Files.createDirectories(folder.toPath());
        }
        Files.write(file.toPath(), data.getBytes(charset(encoding)));
    }

    /**
     * The lines of a text.
     *
     * @param input where the text is read
     * @return the lines; empty ones are left out
     * @throws IOException when it cannot be read
     */
    public static List<String> readLines(Reader input) throws IOException {
        BufferedReader reader = input instanceof BufferedReader ? (BufferedReader) input : new BufferedReader(input);
        List<String> lines = new ArrayList<>();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (StringUtils.isNotEmpty(line)) {
                lines.add(line.trim());
            }
        }
        return lines;
    }

    /**
     * Reads a text.
     *
     * @param input where it is read, may be null
     * @param encoding name of the charset, UTF-8 when null
     * @return the text, empty for null
     * @throws IOException when it cannot be read
     */
    public static String toString(InputStream input, String encoding) throws IOException {
        return input == null ? "" : toString(new InputStreamReader(input, charset(encoding)));
    }

    /**
     * Reads a text.
     *
     * @param reader where it is read
     * @return the text
     * @throws IOException when it cannot be read
     */
    public static String toString(Reader reader) throws IOException {
        StringWriter text = new StringWriter();
        copy(reader, text);
        return text.toString();
    }

    /**
     * Copies characters.
     *
     * @param input where they are read
     * @param output where they are written
     * @return how many
     * @throws IOException when they cannot be read or written
     */
    public static long copy(Reader input, Writer output) throws IOException {
        char[] buffer = new char[BUFFER];
        long count = 0;
        for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
            output.write(buffer, 0, read);
            count += read;
        }
        return count;
    }

    /**
     * Copies bytes.
     *
     * @param input where they are read
     * @param output where they are written
     * @return how many
     * @throws IOException when they cannot be read or written
     */
    public static long copy(InputStream input, OutputStream output) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long count = 0;
        for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
            output.write(buffer, 0, read);
            count += read;
        }
        return count;
    }

    /**
     * Deletes a file, or what is in a folder.
     *
     * @param fileOrDir the file or folder
     * @throws IOException when something cannot be deleted
     */
    public static void delete(File fileOrDir) throws IOException {
        if (fileOrDir == null) {
            return;
        }
        if (fileOrDir.isDirectory()) {
            cleanDirectory(fileOrDir);
        } else {
            Files.deleteIfExists(fileOrDir.toPath());
        }
    }

    /**
     * Deletes what is in a folder, but not the folder.
     *
     * @param directory the folder
     * @throws IOException when something cannot be deleted
     */
    public static void cleanDirectory(File directory) throws IOException {
        if (!directory.exists()) {
            throw new IllegalArgumentException(directory + " does not exist");
        }
        if (!directory.isDirectory()) {
            throw new IllegalArgumentException(directory + " is not a directory");
        }
        File[] files = directory.listFiles();
        if (files == null) {
            throw new FileNotFoundException("cannot list " + directory);
        }
        for (File file : files) {
            if (file.isDirectory()) {
                cleanDirectory(file);
            }
            Files.delete(file.toPath());
        }
    }

    /**
     * Whether bytes begin as gzip does.
     *
     * @param bytes the bytes
     * @return true when they do
     */
    public static boolean isGzipStream(byte[] bytes) {
        return bytes != null
                && bytes.length >= 2
                && GZIPInputStream.GZIP_MAGIC == ((bytes[1] << 8 | bytes[0] & 0xff) & 0xffff);
    }

    /**
     * Closes the streams of a connection; failures are ignored.
     *
     * @param connection the connection, may be null
     */
    public static void closeQuietly(HttpURLConnection connection) {
        if (connection != null) {
            try {
                closeQuietly(connection.getInputStream());
            } catch (IOException ignored) {
                // Without an input stream there is nothing to close.
            }
        }
    }

    /**
     * Closes something; failures are ignored.
     *
     * @param closeable what to close, may be null
     */
    public static void closeQuietly(Closeable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (IOException ignored) {
            // The name says it.
        }
    }

    /**
     * Closes several things; failures are ignored.
     *
     * @param closeables what to close
     */
    public static void closeQuietly(Closeable... closeables) {
        for (Closeable closeable : closeables) {
            closeQuietly(closeable);
        }
    }
}
