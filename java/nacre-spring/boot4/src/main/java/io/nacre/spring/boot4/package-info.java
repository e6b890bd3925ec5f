/** What Spring Boot 4 has in other packages than Boot 3. Does nothing on Boot 3. */
package io.nacre.spring.boot4;
